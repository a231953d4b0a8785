import type { Batch } from '@rendermill/shared/domain/batch';
import { indexEvery } from '@rendermill/shared/adapters/redis/batch-ledger';
import { batchKey } from '@rendermill/shared/domain/object-keys';
import { StorageError } from '@rendermill/shared/ports/storage';
import type { WorkerDeps } from '../deps.js';
import { maxLineBytes, splitLines, type RawLine } from '@rendermill/shared/streams/split-lines';

/** A line of `input.jsonl` whose turn has come. */
export interface NextLine {
  readonly line: number;
  readonly text: string;
  /** Byte at which the following line begins. */
  readonly next: number;
}

/** Read ahead of the cursor in pieces of this size. */
const pieceBytes = 512 * 1024;
/** The largest of them: for the longest line, and the chunk with which it may end. */
const largestPiece = maxLineBytes + 8 * 1024 * 1024;

/**
 * Lines are taken together up to so much text, or one alone: each is held as text, as what it says and as its images'
 * bytes until all of them are jobs, and a worker's memory must be enough for that.
 */
export const maxTextAtOnce = 80 * 1024 * 1024;

/** Reads a batch's lines from its cursor on; what it holds is at most a piece, or one line that is longer. */
export class LineReader {
  readonly #deps: { readonly storage: Pick<WorkerDeps['storage'], 'get'> };
  #ahead: RawLine[] = [];
  /** The line before the first of those ahead, and the byte at which that one begins. */
  #at = { line: -1, offset: -1 };

  constructor(deps: { readonly storage: Pick<WorkerDeps['storage'], 'get'> }) {
    this.#deps = deps;
  }

  /** Up to `count` lines after the cursor, as many of them as may be held at once. */
  async next(batch: Batch, count: number): Promise<NextLine[]> {
    if (this.#at.line !== batch.cursor) this.#ahead = [];
    this.#at = { line: batch.cursor, offset: batch.offset };
    const wanted = Math.min(count, batch.total - batch.cursor);
    const lines: NextLine[] = [];
    let room = maxTextAtOnce;
    while (lines.length < wanted) {
      if (this.#ahead.length === 0) this.#ahead = await this.#read(batch, this.#at.offset);
      const [raw] = this.#ahead;
      room -= raw?.bytes?.length ?? 0;
      if (room < 0 && lines.length > 0) break;
      this.#ahead.shift();
      if (!raw?.bytes) throw new StorageError('mismatch', `input.jsonl of ${batch.id} has fewer lines than it had`);
      this.#at = { line: this.#at.line + 1, offset: raw.next };
      lines.push({ line: this.#at.line, text: raw.bytes.toString(), next: raw.next });
    }
    return lines;
  }

  /** One line anywhere: from the nearest place of which the index tells, or from where the last one was found. */
  async at(batch: Batch, line: number, index: readonly number[]): Promise<NextLine> {
    const block = Math.floor((line - 1) / indexEvery);
    if (this.#at.line >= line || this.#at.line < block * indexEvery) {
      this.#ahead = [];
      this.#at = { line: block * indexEvery, offset: index[block] ?? 0 };
    }
    for (;;) {
      const { line: cursor, offset } = this.#at;
      const [found] = await this.next({ ...batch, cursor, offset }, 1);
      if (!found) throw new Error(`batch ${batch.id} has no line ${line}`);
      if (found.line === line) return found;
    }
  }

  /** Until it is asked again: what was read ahead of long lines is read once more then. There are many batches. */
  rest(): void {
    const held = this.#ahead.reduce((sum, { bytes }) => sum + (bytes?.length ?? 0), 0);
    if (held > pieceBytes) this.#ahead = [];
  }

  async #read(batch: Batch, offset: number): Promise<RawLine[]> {
    const key = batchKey(batch, 'input.jsonl');
    for (let bytes = pieceBytes; ; bytes = bytes < largestPiece ? Math.min(8 * bytes, largestPiece) : 2 * bytes) {
      const object = await this.#deps.storage.get(key, { start: offset, end: offset + bytes - 1 });
      if (!object) throw new StorageError('denied', `${key} is gone from the store`);
      const lines: RawLine[] = [];
      for await (const some of splitLines(object.body as AsyncIterable<Buffer>, offset)) lines.push(...some);
      // The last line of a piece is cut, but for that of the file.
      if (offset + bytes < object.facts.bytes) lines.pop();
      if (lines.length > 0) return lines;
      if (offset + bytes >= object.facts.bytes) return [];
    }
  }
}
