import type { ErrorCode } from './errors.js';
import { clip } from './text.js';

/**
 * What `JSON.parse` lets pass and nobody can have meant: it keeps the last of two equal keys, makes 1e999 infinite and
 * rounds 2^53 + 1, and takes half a surrogate pair for text. Asked of text that has been parsed, in one pass over it.
 */
export interface JsonFault {
  readonly code: Extract<
    ErrorCode,
    'duplicate_key' | 'forbidden_key' | 'too_deep' | 'array_too_long' | 'number_out_of_range' | 'invalid_parameter'
  >;
  readonly message: string;
  /** Where: keys and indexes, outermost first. */
  readonly path: readonly string[];
}

/** The deepest that is asked of us, images in the body of an inline line, is six. */
export const maxJsonDepth = 16;
/** As many as a batch has lines inline. */
export const maxJsonItems = 1_000;

/** An object or array that is being read. */
interface Frame {
  /** Of an object: those that it has had. */
  readonly keys: Set<string> | null;
  /** Of an array: the index of the element being read. */
  index: number;
  key: string;
  expectsKey: boolean;
}

const code = { quote: 0x22, comma: 0x2c, minus: 0x2d, colon: 0x3a, backslash: 0x5c } as const;
const halfOfAPair = /\\u[dD][89a-fA-F]/;
const afterNumber = /[^-+.0-9eE]/g;

/** The first fault of a valid JSON text, or null. */
export function jsonFault(text: string): JsonFault | null {
  const frames: Frame[] = [];
  let at = 0;
  const fault = (of: JsonFault['code'], message: string): JsonFault => ({ code: of, message, path: pathOf(frames) });
  while (at < text.length) {
    const begin = at++;
    const unit = text.charCodeAt(begin);
    const frame = frames.at(-1);
    if (unit === code.quote) {
      at = endOfString(text, begin);
      const string = text.slice(begin, at);
      const isKey = frame?.keys != null && frame.expectsKey;
      if (isKey) frame.key = string.includes('\\') ? (JSON.parse(string) as string) : string.slice(1, -1);
      if (halfOfAPair.test(string) && !(JSON.parse(string) as string).isWellFormed())
        return fault('invalid_parameter', 'half of a surrogate pair (\\ud800 to \\udfff) is not text');
      const wrong = isKey ? keyFault(frame, frames.at(-2)) : null;
      if (wrong) return fault(...wrong);
    } else if (unit === 0x7b || unit === 0x5b) {
      if (frames.length === maxJsonDepth) return fault('too_deep', `nested more than ${maxJsonDepth} deep`);
      const isObject = unit === 0x7b;
      frames.push({ keys: isObject ? new Set() : null, index: 0, key: '', expectsKey: isObject });
    } else if (unit === 0x7d || unit === 0x5d) {
      frames.pop();
    } else if (unit === code.comma && frame) {
      frame.expectsKey = true;
      frame.index++;
      if (!frame.keys && frame.index === maxJsonItems) {
        frames.pop();
        return fault('array_too_long', `an array has at most ${maxJsonItems} elements`);
      }
    } else if (unit === code.colon && frame) {
      frame.expectsKey = false;
    } else if (unit === code.minus || isDigit(unit)) {
      afterNumber.lastIndex = at;
      at = afterNumber.exec(text)?.index ?? text.length;
      if (!isExact(Number(text.slice(begin, at))))
        return fault('number_out_of_range', 'whole numbers go to 9007199254740991 (2^53 - 1) either way');
    }
  }
  return null;
}

/** Behind the closing quote of the string that begins at `begin`. */
function endOfString(text: string, begin: number): number {
  let at = begin + 1;
  while (text.charCodeAt(at) !== code.quote) at += text.charCodeAt(at) === code.backslash ? 2 : 1;
  return at + 1;
}

/** What is wrong with the key that was read last; `outer` is where its object stands. */
function keyFault(frame: Frame, outer: Frame | undefined): [JsonFault['code'], string] | null {
  const { key, keys } = frame;
  // As an own property either is harmless until somebody copies it; no parameter is called so.
  if (key === '__proto__' || (key === 'prototype' && outer?.keys && outer.key === 'constructor'))
    return ['forbidden_key', `'${key}' is no name that is taken here`];
  if (keys?.has(key)) return ['duplicate_key', `'${clip(key, 64)}' stands twice in this object: send it once`];
  keys?.add(key);
  return null;
}

const isDigit = (unit: number): boolean => unit >= 0x30 && unit <= 0x39;

/** True for a number that is what its digits say, as far as that can be asked of a fraction. */
const isExact = (value: number): boolean =>
  Number.isFinite(value) && (Number.isSafeInteger(value) || !Number.isInteger(value));

function pathOf(frames: readonly Frame[]): string[] {
  return frames.map(({ keys, key, index }) => (keys ? clip(key, 64) : String(index)));
}
