import { clip } from '../domain/text.js';
import { decodeWhole } from './decode.js';
import type { Encoding } from './encodings.js';

const single: readonly Encoding[] = ['windows-1252', 'windows-1251'];
const double: readonly Encoding[] = ['shift_jis', 'gb18030', 'big5', 'euc-kr', 'euc-jp'];

/** Characters that few shops write: controls, private use, half-width katakana (what Shift_JIS makes of most bytes). */
const odd = /[\u0080-\u009f\ue000-\uf8ff\uff61-\uff9f]/g;

/** In Western text a byte above 0x7F mostly stands alone between ASCII; in Chinese, Japanese, Korean they are many. */
function standsAlone(bytes: Buffer): boolean {
  let high = 0;
  let alone = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    if ((bytes[at] ?? 0) < 0x80) continue;
    high += 1;
    if ((bytes[at - 1] ?? 0) < 0x80 && (bytes[at + 1] ?? 0) < 0x80) alone += 1;
  }
  return alone * 2 > high;
}

/**
 * How a line that is not UTF-8 would read in the encodings that it could be in, likeliest first. A suggestion for a
 * person who knows the shop: the same bytes are often valid in several encodings, and a wrong guess would be paid for.
 */
export function suggestEncodings(lines: Buffer, line: Buffer): string {
  const order = standsAlone(lines) ? [...single, ...double] : [...double, ...single];
  const readings = order
    .map((encoding) => ({ encoding, all: decodeWhole(lines, encoding), text: decodeWhole(line, encoding) }))
    .filter(({ all }) => all.isWellFormed())
    .map((reading) => ({ ...reading, odd: (reading.all.match(odd) ?? []).length / reading.all.length }));
  // The sort is stable: among equals the order above holds.
  readings.sort((a, b) => Number(a.odd > 0.02) - Number(b.odd > 0.02));
  return readings
    .slice(0, 4)
    .map(({ encoding, text }) => `${JSON.stringify(excerpt(text))} in ${encoding}`)
    .join(', ');
}

/** The text around its first character that is not ASCII. */
function excerpt(text: string): string {
  const at = Math.max(0, text.search(/[^\0-\u007f]/));
  return clip(text.slice(Math.max(0, at - 12)).trim(), 32);
}
