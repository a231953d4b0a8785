import type { ServerResponse } from 'node:http';
import type { Fault } from '../faults/kinds.js';
import type { Answer } from './answer.js';
import { shape, tellsLength, type Waiting } from './shape.js';

/** `broken`: cut off by a fault. `gone`: the client hung up. */
export type Delivery = 'sent' | 'broken' | 'gone';

// Long enough for what was written to arrive before the reset overtakes it.
const beforeResetMs = 25;

async function drained(response: ServerResponse): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}

async function finished(response: ServerResponse): Promise<void> {
  if (response.writableFinished || response.closed) return;
  await new Promise<void>((resolve) => response.once('finish', resolve).once('close', resolve));
}

/** Cuts the connection with a TCP reset: the other end sees an error whatever it had already read. */
export async function reset(response: ServerResponse, waiting: Waiting): Promise<Delivery> {
  await waiting.pause(beforeResetMs);
  response.socket?.resetAndDestroy();
  return 'broken';
}

/**
 * Sends an answer no faster than the client reads. `beforeLast` runs before the last byte leaves, at least once:
 * whatever it frees is free by the time the client can know that its answer is complete.
 */
export async function send(
  response: ServerResponse,
  answer: Answer,
  fault: Fault | null,
  waiting: Waiting,
  beforeLast: () => void,
): Promise<Delivery> {
  const length = tellsLength(fault) && answer.length !== null ? { 'content-length': answer.length } : {};
  response.writeHead(answer.status, { ...answer.headers, ...length });
  if (answer.headersFirst) response.flushHeaders();
  let left = answer.length ?? Infinity;
  for await (const chunk of shape(answer.body, fault, waiting)) {
    if (response.destroyed) return 'gone';
    left -= chunk.length;
    if (left <= 0) beforeLast();
    if (!response.write(chunk)) await drained(response);
  }
  if (response.destroyed) return 'gone';
  beforeLast();
  if (fault?.kind === 'reset_in_body') return await reset(response, waiting);
  if (fault?.kind === 'truncated_body' && fault.framing === 'content-length') {
    response.socket?.end();
    return 'broken';
  }
  response.end();
  await finished(response);
  return response.writableFinished ? 'sent' : 'gone';
}
