import type { Request } from 'express';
import { RendermillError } from '@rendermill/shared/domain/errors';

export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The one range that is asked for; null for the whole: what is no byte range, and several at once, may be ignored.
 * One that lies outside the bytes is an error with the number of them in its head.
 */
export function rangeOf({ request, response }: Pair, bytes: number, etag: string): ByteRange | null {
  const condition = request.headers['if-range'];
  if (condition !== undefined && condition !== etag) return null;
  const ranges = request.range(bytes);
  if (ranges === -1) {
    response.set('content-range', `bytes */${bytes}`);
    const message = `There are ${bytes} bytes: the Range lies outside them.`;
    throw new RendermillError('range_not_satisfiable', message);
  }
  if (ranges === undefined || ranges === -2 || ranges.type !== 'bytes' || ranges.length !== 1) return null;
  return ranges[0] ?? null;
}

interface Pair {
  readonly request: Request;
  readonly response: { set(name: string, value: string): unknown };
}

/** Head lines of an answer of all bytes, or of some. */
export function rangeHeaders(range: ByteRange | null, bytes: number): Record<string, string> {
  const { start, end } = range ?? { start: 0, end: bytes - 1 };
  return {
    'content-length': String(end - start + 1),
    ...(range ? { 'content-range': `bytes ${start}-${end}/${bytes}` } : {}),
  };
}
