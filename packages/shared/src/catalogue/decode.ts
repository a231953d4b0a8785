import { isUtf8 } from 'node:buffer';
import { decodeLegacy, type Encoding } from './encodings.js';

/**
 * Bytes to text, piece by piece. What is not of the encoding is neither dropped nor replaced but marked, so that the
 * row it stands in can be refused and the others read: an invalid byte 0xNN of UTF-8 becomes the lone surrogate
 * U+DCNN (as Python's `surrogateescape` does), any other fault U+DFFF. No valid input makes a lone surrogate, but
 * UTF-16 that has one itself.
 */
export const unknownBytes = '\udfff';

/** The byte that a mark of {@link decodePieces} stands for, or null. */
export function markedByte(mark: string): number | null {
  const code = mark.charCodeAt(0);
  return code >= 0xdc80 && code <= 0xdcff ? code - 0xdc00 : null;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Pieces are cut at line ends, which are no part of a longer character in any of the encodings; but not beyond this. */
const longestPiece = 8 * 1024 * 1024;

/** The position after the last line end, or 0. */
export function afterLastLine(bytes: Buffer): number {
  return Math.max(bytes.lastIndexOf(lineFeed), bytes.lastIndexOf(carriageReturn)) + 1;
}

/** The length of the UTF-8 character at `at`, or 0 where there is none. */
export function utf8CharacterAt(bytes: Buffer, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  return at + length <= bytes.length && isUtf8(bytes.subarray(at, at + length)) ? length : 0;
}

function markUtf8(bytes: Buffer): string {
  let text = '';
  let from = 0;
  for (let at = 0; at < bytes.length;) {
    const length = utf8CharacterAt(bytes, at);
    if (length === 0) {
      text += bytes.toString('utf8', from, at) + String.fromCharCode(0xdc00 + (bytes[at] ?? 0));
      from = at + 1;
    }
    at += Math.max(1, length);
  }
  return text + bytes.toString('utf8', from);
}

/** Line by line where the piece has a fault, so that a large piece with one bad byte stays cheap. */
function decodeUtf8(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  const texts: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const feed = bytes.indexOf(lineFeed, at);
    const line = bytes.subarray(at, feed === -1 ? bytes.length : feed + 1);
    texts.push(isUtf8(line) ? line.toString('utf8') : markUtf8(line));
    at += line.length;
  }
  return texts.join('');
}

function decodeUtf16(bytes: Buffer, encoding: Encoding): string {
  return encoding === 'utf-16le' ? bytes.toString('utf16le') : Buffer.from(bytes).swap16().toString('utf16le');
}

/** Text of whole characters. */
export function decodeWhole(bytes: Buffer, encoding: Encoding): string {
  if (encoding === 'utf-8') return decodeUtf8(bytes);
  if (encoding === 'utf-16le' || encoding === 'utf-16be') {
    const whole = decodeUtf16(bytes.subarray(0, bytes.length - (bytes.length % 2)), encoding);
    return bytes.length % 2 === 0 ? whole : whole + unknownBytes;
  }
  return decodeLegacy(bytes, encoding).replaceAll('\ufffd', unknownBytes);
}

/** The text of a stream. A lone last byte of UTF-16 is marked. */
export async function* decodePieces(chunks: AsyncIterable<Buffer>, encoding: Encoding): AsyncGenerator<string> {
  const wide = encoding === 'utf-16le' || encoding === 'utf-16be';
  let rest: Buffer[] = [];
  let held = 0;
  for await (const chunk of chunks) {
    rest.push(chunk);
    held += chunk.length;
    // A line end in what was held before would have ended its piece: only the new chunk can have one.
    const cut = wide ? held - (held % 2) : afterLastLine(chunk) > 0 ? held - chunk.length + afterLastLine(chunk) : 0;
    if (cut === 0 && held < longestPiece) continue;
    const bytes = rest.length === 1 ? chunk : Buffer.concat(rest);
    const end = cut === 0 ? held : cut;
    yield decodeWhole(bytes.subarray(0, end), encoding);
    rest = end === held ? [] : [bytes.subarray(end)];
    held -= end;
  }
  if (held > 0) yield decodeWhole(Buffer.concat(rest), encoding);
}
