import { useState } from 'react';
import type { Batch } from './api/types';
import { isOver } from './parts/status';
import { useSession } from './session';
import { text } from './text';
import { useAction } from './use-action';

/** What is run again of a batch that has ended. */
export interface Again {
  /** Why it failed; null: whatever the reason was. */
  readonly code: string | null;
  /** Null: not counted. */
  readonly lines: number | null;
  /** USD; null: as it was. */
  readonly maxCost: number | null;
}

export interface Retry {
  readonly busy: boolean;
  readonly problem: string | null;
  /** What came of the last, said to the person. */
  readonly done: string | null;
  /** The generation in which it is run; null: none was asked for. */
  readonly generation: number | null;
  /** That these lines wait again, though they may still be read as failed for a moment. */
  readonly isQueued: (code: string) => boolean;
  readonly run: (again: Again) => void;
}

export function useRetry(batch: Batch | null, changed: () => void): Retry {
  const { client } = useSession();
  const { busy, problem, run } = useAction();
  const [last, setLast] = useState<(Again & { readonly generation: number }) | null>(null);
  const retry = (again: Again): void =>
    run('retry', async () => {
      const { code, maxCost } = again;
      const body = {
        ...(code === null ? {} : { error_code: code }),
        ...(maxCost === null ? {} : { max_cost: maxCost }),
      };
      const { generation } = await client.post<Batch>(`/v1/batches/${batch?.id}/retry`, body);
      setLast({ ...again, generation });
      changed();
    });
  // Once they have ended the figures say what came of it.
  const hasEnded = batch !== null && last !== null && batch.generation >= last.generation && isOver(batch);
  const done =
    last && !hasEnded ? (last.lines === null ? text.failures.queuedAll : text.failures.queued(last.lines)) : null;
  const isQueued = (code: string): boolean =>
    batch !== null &&
    last !== null &&
    (last.code ?? code) === code &&
    // The page may not have read of the new generation yet.
    (batch.generation < last.generation || (batch.generation === last.generation && !isOver(batch)));
  return { busy: busy !== null, problem, done, generation: last?.generation ?? null, isQueued, run: retry };
}

/** What so many lines of a batch cost, by those that were done; before the first by what was expected of all. */
export function costOfLines({ cost, request_counts: { total, completed } }: Batch, lines: number): number | null {
  if (completed > 0 && cost.actual !== null) return (cost.actual / completed) * lines;
  return cost.estimated === null || total === 0 ? null : (cost.estimated / total) * lines;
}

/** A maximum cost that these lines do not fit under, or have not: a new one is asked for. Null: there is room. */
export function newCapFor(batch: Batch, { code, lines }: Pick<Again, 'code' | 'lines'>): number | null {
  const { max_cost, cost } = batch;
  if (max_cost === null) return null;
  const spent = cost.actual ?? 0;
  const more = lines === null ? null : costOfLines(batch, lines);
  const fits = more !== null && spent + more <= max_cost;
  if (fits && code !== 'budget_exceeded') return null;
  // In whole cents, with a tenth to spare: calls may cost more than was thought.
  return Math.ceil((Math.max(max_cost, spent) + (more ?? max_cost) * 1.1) * 100) / 100;
}
