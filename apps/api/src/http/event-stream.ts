import { z } from 'zod';
import { RendermillError } from '@rendermill/shared/domain/errors';
import { stillAdmitted } from './authenticate.js';
import { write } from './images-response.js';
import type { Context } from './route.js';

/**
 * An answer of server-sent events about one thing, made from the ledger as they are sent, so that nothing is kept for
 * those who are not listening. Every event has a number; who comes back with the last one goes on behind it.
 */
export interface EventStream {
  /** The number of the last event that the client has seen; null where it has seen none. */
  readonly after: number | null;
  /** Aborted when the client has gone, or this process ends. */
  readonly signal: AbortSignal;
  readonly send: (event: string, number: number, data: object) => Promise<void>;
}

const beatEveryMs = 10_000;
const atMostEveryMs = 500;

export const eventsQuery = z.strictObject({
  after: z
    .string()
    .regex(/^\d{1,16}$/, 'must be the number of an event, or 0')
    .optional()
    .describe('Go on after this event, as the header Last-Event-ID does; 0: from the beginning. Default: from now on.'),
});

/**
 * Answers with the stream of `look`, which sends what is new and says whether that was the end. It looks again after
 * each piece of news, a few times a second at most, as long as the key works: one that is revoked hears nothing more.
 */
export async function streamEvents(
  context: Context,
  look: (stream: EventStream) => Promise<'ended' | 'goes on'>,
  listen: (signal: AbortSignal) => { promise: Promise<void>; stop: () => void },
): Promise<void> {
  const { deps, request, response, gone } = context;
  const signal = AbortSignal.any([gone, deps.stopping]);
  const send: EventStream['send'] = async (event, number, data) =>
    write(response, `id: ${number}\nevent: ${event}\ndata: ${JSON.stringify({ sequence: number, ...data })}\n\n`);
  const stream = { after: lastSeen(context), signal, send };
  response.status(200).set({ 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  response.flushHeaders();
  const beat = setInterval(() => response.write(': keep-alive\n\n'), beatEveryMs);
  try {
    while (!signal.aborted && (await stillAdmitted(context))) {
      // Listening begins before the look, so that a change between the two is not missed.
      const news = listen(signal);
      try {
        if ((await look(stream)) === 'ended') break;
        await news.promise;
      } finally {
        news.stop();
      }
      await pause(atMostEveryMs, signal);
    }
    response.end();
  } catch (error) {
    if (!gone.aborted) throw error;
  } finally {
    clearInterval(beat);
  }
}

function lastSeen({ query, request }: Context): number | null {
  const given = (query as z.output<typeof eventsQuery>).after ?? request.headers['last-event-id'];
  if (given === undefined || given === '') return null;
  if (!/^\d{1,16}$/.test(String(given))) {
    const message = 'Last-Event-ID is the number of an event of this stream; leave it out to begin with what comes.';
    throw new RendermillError('invalid_parameter', message, { param: 'Last-Event-ID' });
  }
  return Number(given);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
  });
}
