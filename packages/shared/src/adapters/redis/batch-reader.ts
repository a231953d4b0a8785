import { lineState, type Batch } from '../../domain/batch.js';
import { decodeBatch } from './batch-codec.js';
import type { BatchPart } from './batch-store.js';
import type { ScriptRunner } from './scripts.js';

/** What the ledger knows of a batch's lines: their states, and the log of those that have ended. */

/** A batch and what it has of its log, all of one moment. The log: the parts in their order, and behind them `results`. */
export interface BatchMoment {
  readonly batch: Batch;
  /** Parts in the bucket; those from `fromPart` on where only these were asked for. */
  readonly parts: readonly BatchPart[];
  /** Records of ended lines that do not lie in the bucket yet, as JSON. */
  readonly results: readonly string[];
}

export class BatchReader {
  readonly #scripts: ScriptRunner;

  constructor(scripts: ScriptRunner) {
    this.#scripts = scripts;
  }

  /** Null where the batch is gone. */
  async moment(id: string, fromPart = 0): Promise<BatchMoment | null> {
    const answers = await this.#scripts.client
      .multi()
      .hgetall(this.#key(id))
      .scard(this.#key(id, 'open'))
      .lrange(this.#key(id, 'parts'), fromPart, -1)
      .lrange(this.#key(id, 'results'), 0, -1)
      .exec();
    const [fields, open, parts, results] = (answers ?? []).map(([error, answer]) => {
      if (error) throw error;
      return answer;
    });
    const batch = decodeBatch(fields as Record<string, string>, Number(open));
    if (!batch) return null;
    const rows = (parts as string[]).map((row) => JSON.parse(row) as BatchPart);
    return { batch, parts: rows, results: results as string[] };
  }

  /** The states of the lines from `first` to `last`, in their order. */
  async states(id: string, first: number, last: number): Promise<LineState[]> {
    const from = (first - 1) >> 1;
    const bytes = await this.#scripts.client.getrangeBuffer(this.#key(id, 'states'), from, (last - 1) >> 1);
    return Array.from({ length: last - first + 1 }, (_, i) => stateAt(bytes, first + i - 2 * from));
  }

  /** Byte offsets of every {@link indexEvery}th line of `input.jsonl`. */
  async index(id: string): Promise<number[]> {
    return JSON.parse((await this.#scripts.client.get(this.#key(id, 'index'))) ?? '[]') as number[];
  }

  #key(id: string, ...parts: string[]): string {
    return this.#scripts.key('batch', id, ...parts);
  }
}

export type LineState = (typeof lineState)[keyof typeof lineState];

/** Of the line, counted from 1 at the first of the bytes; what was never written is waiting. */
export function stateAt(bytes: Buffer, line: number): LineState {
  const byte = bytes[(line - 1) >> 1] ?? 0;
  return ((line & 1) === 1 ? byte >> 4 : byte & 15) as LineState;
}
