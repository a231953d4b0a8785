import type { Caller } from './caller.js';
import { ConnectionError, RendermillError } from './errors.js';
import { chunksOf, eventsOf } from './streams.js';
import { pause } from './transport.js';
import type { Batch, BatchResult } from './types.js';

/** What happens in a batch, as it happens. */

export type BatchEvent =
  | { readonly type: 'batch'; readonly sequence: number; readonly batch: Batch }
  | { readonly type: 'line'; readonly sequence: number; readonly line: BatchResult };

export interface FollowOptions {
  /** Go on after this event; 0: from the first line. Left out: from now on. */
  readonly after?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Trouble for so long ends it; a restart of the API is outlived. */
const patienceMs = 60_000;

export const isEnded = ({ status }: Pick<Batch, 'status'>): boolean =>
  status === 'completed' || status === 'failed' || status === 'expired' || status === 'cancelled';

/** Each event once, over any number of connections, until the batch has ended. */
export async function* followBatch(caller: Caller, id: string, options: FollowOptions): AsyncGenerator<BatchEvent> {
  const { signal } = options;
  let after = options.after;
  let brokenSince: number | null = null;
  for (;;) {
    try {
      const response = await caller.raw('/v1/batches/{id}/events', {
        params: { id },
        signal,
        ...(after === undefined ? {} : { query: { after: String(after) } }),
      });
      for await (const { event, data } of eventsOf(chunksOf(response, signal))) {
        brokenSince = null;
        const told = toldBy(event, data);
        if (!told) continue;
        after = told.sequence;
        yield told;
        if (told.type === 'batch' && isEnded(told.batch)) return;
      }
    } catch (error) {
      if (signal?.aborted || !isPassing(error)) throw error;
      brokenSince ??= Date.now();
      if (Date.now() - brokenSince > patienceMs) throw error;
    }
    // The stream ended before the batch did: the API is being restarted.
    await pause(1_000, signal);
  }
}

/** Null for what a later release may tell beside these. */
function toldBy(event: string, data: string): BatchEvent | null {
  const { sequence, ...rest } = JSON.parse(data) as { sequence: number };
  if (event === 'batch') return { type: 'batch', sequence, ...(rest as { batch: Batch }) };
  if (event === 'line') return { type: 'line', sequence, line: rest as BatchResult };
  return null;
}

/** Errors of a call that a wait outlives. */
export function isPassing(error: unknown): boolean {
  return error instanceof ConnectionError || (error instanceof RendermillError && error.status >= 500);
}
