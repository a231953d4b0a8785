import { ConnectionError, RendermillError } from './errors.js';
import { chunksOf, eventsOf } from './streams.js';
import { pause } from './transport.js';

/** A stream of numbered events that ends with what it tells of: each event once, over any number of connections. */

export interface FollowOptions {
  /** Go on after this event; 0: from the first one. Left out: from now on. */
  readonly after?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Stream<E> {
  readonly open: (query: { after?: string }) => Promise<Response>;
  /** Null for what a later release may tell beside what is known here. */
  readonly read: (event: string, data: unknown) => E | null;
  /** Nothing comes after this one. */
  readonly isLast: (event: E) => boolean;
  /** Asked where a stream ended without its last event. */
  readonly isOver: () => Promise<boolean>;
}

/** Trouble for so long ends it; a restart of the API is outlived. */
const patienceMs = 60_000;

export async function* follow<E extends { readonly sequence: number }>(
  stream: Stream<E>,
  { after: from, signal }: FollowOptions,
): AsyncGenerator<E> {
  let after = from;
  let brokenSince: number | null = null;
  let over = false;
  for (;;) {
    try {
      const response = await stream.open(after === undefined ? {} : { after: String(after) });
      for await (const { event, data } of eventsOf(chunksOf(response, signal))) {
        brokenSince = null;
        const told = stream.read(event, JSON.parse(data));
        if (!told) continue;
        over = false;
        after = told.sequence;
        yield told;
        if (stream.isLast(told)) return;
      }
      // It was over before this connection was made, and nothing was left to tell: `after` is the last event.
      if (over) return;
      // The API is being restarted, or its last event was seen before. What ended just now the next connection tells.
      over = await stream.isOver();
      if (over) continue;
    } catch (error) {
      if (signal?.aborted || !isPassing(error)) throw error;
      brokenSince ??= Date.now();
      if (Date.now() - brokenSince > patienceMs) throw error;
    }
    await pause(1_000, signal);
  }
}

/** Errors of a call that a wait outlives. */
export function isPassing(error: unknown): boolean {
  return error instanceof ConnectionError || (error instanceof RendermillError && error.status >= 500);
}
