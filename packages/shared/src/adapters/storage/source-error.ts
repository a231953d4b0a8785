import { Readable } from 'node:stream';

/** Where the stream that is to be stored has failed by itself: its own error, which is not the store's to judge. */
export function sourceErrorOf(body: Uint8Array | Readable): Error | null {
  return body instanceof Readable ? body.errored : null;
}
