import { isUtf8 } from 'node:buffer';
import { csvError } from './csv-error.js';
import { afterLastLine, utf8CharacterAt } from './decode.js';
import type { Encoding } from './encodings.js';
import { suggestEncodings } from './suggest-encoding.js';

/** How much is looked at before the first row is read. */
export const headBytes = 1024 * 1024;

export interface Examined {
  readonly encoding: Encoding;
  /** Bytes of the byte order mark, which are no text. */
  readonly skip: number;
}

const marks: readonly (readonly [string, Encoding | null])[] = [
  ['fffe0000', null],
  ['0000feff', null],
  ['efbbbf', 'utf-8'],
  ['fffe', 'utf-16le'],
  ['feff', 'utf-16be'],
];

const strangers: readonly (readonly [string, string])[] = [
  ['504b0304', 'an Excel workbook (XLSX) or another ZIP file; save the sheet as "CSV UTF-8"'],
  ['d0cf11e0', 'an old Excel workbook (XLS); save the sheet as "CSV UTF-8"'],
  ['1f8b', 'compressed with gzip; send it unpacked'],
  ['25504446', 'a PDF'],
  ['89504e47', 'a PNG picture'],
  ['ffd8ff', 'a JPEG picture'],
];

function refuseStrangers(head: Buffer): void {
  const start = head.toString('hex', 0, 8);
  const found = strangers.find(([magic]) => start.startsWith(magic));
  if (found) throw csvError(`The file is not CSV but ${found[1]}.`);
  const text = head.toString('latin1', 0, 512).trimStart();
  if (/^(\{\s*["}]|\[\s*[[{\]])/.test(text)) {
    throw csvError('The file is JSON, not CSV. Lines of JSON (JSONL) are sent without `template`.');
  }
  if (/^<(!doctype|html|table|\?xml|meta)/i.test(text)) {
    throw csvError('The file is HTML or XML, not CSV; some programs call that .xls. Save it as "CSV UTF-8".');
  }
}

/** Text has no zero bytes; many of them are UTF-16 without its mark. */
function refuseZeros(head: Buffer): void {
  const start = head.subarray(0, 4_096);
  const zeros = [0, 0];
  start.forEach((byte, at) => {
    if (byte === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1;
  });
  const [even = 0, oddOnes = 0] = zeros;
  if ((even + oddOnes) * 5 <= start.length) return;
  if (even > 4 * oddOnes || oddOnes > 4 * even) {
    const name = oddOnes > even ? 'utf-16le' : 'utf-16be';
    throw csvError(
      `The file looks like UTF-16 without a byte order mark: give csv.encoding "${name}".`,
      'csv.encoding',
    );
  }
  throw csvError('The file has many zero bytes: it is not text. Save the sheet as "CSV UTF-8".');
}

interface Faults {
  readonly lines: number;
  readonly wellFormed: number;
  readonly faultyBytes: number;
  readonly faultyLines: readonly Buffer[];
  readonly first: { readonly line: number; readonly offset: number; readonly byte: number; readonly bytes: Buffer };
}

/** What in the head is not UTF-8; null where all is. */
function faultsOf(head: Buffer): Faults | null {
  if (isUtf8(head)) return null;
  let lines = 0;
  let wellFormed = 0;
  let faultyBytes = 0;
  const faultyLines: Buffer[] = [];
  let first: Faults['first'] | null = null;
  for (let at = 0; at < head.length;) {
    const feed = head.indexOf(0x0a, at);
    const bytes = head.subarray(at, feed === -1 ? head.length : feed + 1);
    lines += 1;
    const before = faultyBytes;
    for (let inLine = 0; inLine < bytes.length;) {
      const length = utf8CharacterAt(bytes, inLine);
      if (length > 1) wellFormed += 1;
      if (length === 0) {
        faultyBytes += 1;
        first ??= { line: lines, offset: at + inLine, byte: bytes[inLine] ?? 0, bytes };
      }
      inLine += Math.max(1, length);
    }
    if (faultyBytes > before) faultyLines.push(bytes);
    at += bytes.length;
  }
  return first && { lines, wellFormed, faultyBytes, faultyLines, first };
}

/**
 * Without a mark and without `csv.encoding` a file is taken for UTF-8, if it is: not where its header is not, and not
 * where more than one line in a hundred has faults that good UTF-8 characters do not outweigh four to one. A few bad
 * bytes in a UTF-8 file cost their rows only.
 */
function refuseOthers(head: Buffer): void {
  const faults = faultsOf(head);
  if (!faults) return;
  const few = faults.faultyLines.length * 100 <= faults.lines || faults.wellFormed >= 4 * faults.faultyBytes;
  if (few && faults.first.line > 1) return;
  const { line, offset, byte, bytes } = faults.first;
  const suggestions = suggestEncodings(Buffer.concat(faults.faultyLines).subarray(0, 65_536), bytes);
  throw csvError(
    `The file is not UTF-8: line ${line}, byte ${offset} is 0x${byte.toString(16).toUpperCase()}. ` +
      `Say in csv.encoding what it is. That line would read ${suggestions}. ` +
      'With csv.encoding "utf-8" only the rows at fault are refused.',
    'csv.encoding',
  );
}

/** What the first bytes of a file (all of it, where `whole`) say of its encoding. Throws where it is no CSV. */
export function examineHead(head: Buffer, whole: boolean, given: Encoding | null): Examined {
  const start = head.toString('hex', 0, 4);
  const mark = marks.find(([bytes]) => start.startsWith(bytes));
  if (mark) {
    const [bytes, encoding] = mark;
    if (!encoding) throw csvError('The file is UTF-32, which nothing here reads. Save it as UTF-8.');
    if (encoding === 'utf-8') refuseStrangers(head.subarray(3));
    return { encoding, skip: bytes.length / 2 };
  }
  refuseStrangers(head);
  if (given) return { encoding: given, skip: 0 };
  refuseZeros(head);
  refuseOthers(whole ? head : head.subarray(0, afterLastLine(head)));
  return { encoding: 'utf-8', skip: 0 };
}
