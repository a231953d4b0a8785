import type { Caller } from './caller.js';
import { follow, type FollowOptions } from './follow.js';
import type { Batch, BatchResult } from './types.js';

/** What happens in a batch, as it happens. */

export type BatchEvent =
  | { readonly type: 'batch'; readonly sequence: number; readonly batch: Batch }
  | { readonly type: 'line'; readonly sequence: number; readonly line: BatchResult };

export function followBatch(caller: Caller, id: string, options: FollowOptions): AsyncGenerator<BatchEvent> {
  const call = { params: { id }, signal: options.signal };
  return follow<BatchEvent>(
    {
      open: async (query) => caller.raw('/v1/batches/{id}/events', { ...call, query }),
      read: toldBy,
      isLast: (event) => event.type === 'batch' && isEnded(event.batch),
      isOver: async () => isEnded(await caller.get('/v1/batches/{id}', call)),
    },
    options,
  );
}

function toldBy(event: string, data: unknown): BatchEvent | null {
  const { sequence, ...rest } = data as { sequence: number };
  if (event === 'batch') return { type: 'batch', sequence, ...(rest as { batch: Batch }) };
  if (event === 'line') return { type: 'line', sequence, line: rest as BatchResult };
  return null;
}

/** Of a job too. */
export const isEnded = ({ status }: { readonly status: string }): boolean =>
  status === 'completed' || status === 'failed' || status === 'expired' || status === 'cancelled';
