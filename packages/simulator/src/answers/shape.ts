import type { Fault } from '../faults/kinds.js';

/** What faults do to the way a body travels; its content is settled by then. */

type Chunks = AsyncIterable<Buffer> | Iterable<Buffer>;

/** How a body waits. */
export interface Waiting {
  pause(ms: number): Promise<void>;
  /** Until `release`. */
  hold(): Promise<void>;
}

async function* upTo(chunks: Chunks, bytes: number): AsyncIterable<Buffer> {
  let left = bytes;
  for await (const chunk of chunks) {
    if (left > 0) yield chunk.subarray(0, left);
    left -= chunk.length;
    if (left <= 0) return;
  }
}

async function* holdAfter(chunks: Chunks, bytes: number, waiting: Waiting): AsyncIterable<Buffer> {
  let left = bytes;
  let held = false;
  for await (const chunk of chunks) {
    if (!held && chunk.length > left) {
      if (left > 0) yield chunk.subarray(0, left);
      await waiting.hold();
      held = true;
      yield chunk.subarray(left);
    } else {
      yield chunk;
      left -= chunk.length;
    }
  }
  // A body that was shorter hangs at its end.
  if (!held) await waiting.hold();
}

async function* inPieces(chunks: Chunks, bytes: number, after: () => Promise<void>): AsyncIterable<Buffer> {
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += bytes) {
      yield chunk.subarray(at, at + bytes);
      await after();
    }
  }
}

const nextTurn = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));

export function shape(chunks: Chunks, fault: Fault | null, waiting: Waiting): Chunks {
  const kind = fault?.kind;
  if (kind === 'reset_in_body' || kind === 'truncated_body') return upTo(chunks, fault.afterBytes);
  if (kind === 'hang_in_body') return holdAfter(chunks, fault.afterBytes, waiting);
  if (kind === 'drip') return inPieces(chunks, fault.pieceBytes, async () => await waiting.pause(fault.everyMs));
  if (kind === 'tiny_pieces') return inPieces(chunks, fault.pieceBytes, nextTurn);
  return chunks;
}

/** Whether the body's true length may be told in advance. */
export function tellsLength(fault: Fault | null): boolean {
  if (fault?.kind === 'truncated_body') return fault.framing === 'content-length';
  return fault?.kind !== 'tiny_pieces';
}
