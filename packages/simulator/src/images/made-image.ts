import { createHash } from 'node:crypto';
import type { Format } from './encode.js';

/** An image that can be sent, as bytes or as base64, without being copied for it. */
export interface MadeImage {
  readonly format: Format;
  readonly bytes: number;
  /** Hash of the bytes, in hex. */
  readonly sha256: string;
  readonly parts: readonly Buffer[];
  /** The base64 of all parts, as ASCII. */
  readonly base64: () => Iterable<Buffer>;
}

// A multiple of three bytes, so that pieces of base64 can be joined.
const slice = 3 * 128 * 1024;

function* encodeInSlices(bytes: Buffer): Iterable<Buffer> {
  for (let at = 0; at < bytes.length; at += slice) {
    yield Buffer.from(bytes.subarray(at, at + slice).toString('base64'), 'latin1');
  }
}

export function imageOf(bytes: Buffer, format: Format): MadeImage {
  return {
    format,
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    parts: [bytes],
    base64: () => encodeInSlices(bytes),
  };
}

export const base64Length = (bytes: number): number => Math.ceil(bytes / 3) * 4;
