import { Buffer } from 'node:buffer';
import { RendermillError } from '../domain/errors.js';

/** One line of a file, without its line end. */
export interface RawLine {
  /** Null where it is longer than allowed: its bytes are passed over. */
  readonly bytes: Buffer | null;
  /** Byte at which the following line begins. */
  readonly next: number;
}

/** A data URL of an input image of 50 MB, and room beside it. */
export const maxLineBytes = 72 * 1024 * 1024;

/** Lines that may be empty in one file: each costs its reader what a full one does. */
export const maxEmptyLines = 1_000_000;

/** Throws what to tell the sender of a file of nothing but line ends. */
export function checkEmptyLines(count: number): void {
  if (count <= maxEmptyLines) return;
  const message = `The input has more than ${maxEmptyLines.toLocaleString('en')} empty lines: take them out.`;
  throw new RendermillError('invalid_request', message, { param: 'input_file_id' });
}

const newline = 0x0a;
const bom = Buffer.from([0xef, 0xbb, 0xbf]);

/** A stream's lines, a lot at a time: as many as came with a chunk. `from`: the offset of its first byte. */
export async function* splitLines(source: AsyncIterable<Buffer>, from = 0): AsyncGenerator<RawLine[]> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let offset = from;
  let tooLong = false;
  const finish = (rest: Buffer): RawLine => {
    const bytes = tooLong ? null : clean(held.length === 0 ? rest : Buffer.concat([...held, rest]), offset === 0);
    offset += heldBytes + rest.length;
    [held, heldBytes, tooLong] = [[], 0, false];
    return { bytes, next: offset };
  };
  for await (const chunk of source) {
    const lines: RawLine[] = [];
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      lines.push(finish(chunk.subarray(start, end + 1)));
      start = end + 1;
    }
    const rest = chunk.subarray(start);
    heldBytes += rest.length;
    if (heldBytes > maxLineBytes) [held, tooLong] = [[], true];
    else if (rest.length > 0) held.push(rest);
    if (lines.length > 0) yield lines;
  }
  if (heldBytes > 0) yield [finish(Buffer.alloc(0))];
}

/** Without its line end, and without the mark of UTF-8 before the first. */
function clean(line: Buffer, first: boolean): Buffer {
  let end = line.length;
  while (end > 0 && (line[end - 1] === newline || line[end - 1] === 0x0d)) end--;
  return line.subarray(first && line.subarray(0, 3).equals(bom) ? bom.length : 0, end);
}
