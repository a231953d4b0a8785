import { useEffect, useRef, useState } from 'react';
import { poll, problemOf } from './api/poll';
import type { Batch, FailureGroup } from './api/types';
import { useSession } from './session';

interface Page {
  readonly data: readonly FailureGroup[];
  readonly has_more: boolean;
  readonly last_id: string | null;
}

/** Pages that are read one behind the other: two thousand lines each, and all that were never begun. */
const mostPages = 200;
/** A running batch is counted again so long after it was counted, where something has changed. */
const refreshMs = 5_000;

export interface Failures {
  /** Null until the first are known. */
  readonly groups: readonly FailureGroup[] | null;
  readonly isCounting: boolean;
  readonly problem: string | null;
  readonly again: () => void;
}

/** What failed, by reason, over all lines; what is counted so far is shown meanwhile. A count that has begun comes to its end. */
export function useFailures(batch: Batch): Failures {
  const { client } = useSession();
  const [groups, setGroups] = useState<readonly FailureGroup[] | null>(null);
  const [isCounting, setCounting] = useState(true);
  const [problem, setProblem] = useState<string | null>(null);
  const [round, setRound] = useState(0);
  const { id, generation, status } = batch;
  const now = useRef(batch);
  useEffect(() => {
    now.current = batch;
  });

  useEffect(() => {
    let counted: number | null = null;
    const count = async (signal: AbortSignal): Promise<number> => {
      const { failed, cancelled } = now.current.request_counts;
      if (failed + cancelled === counted) return refreshMs;
      setCounting(true);
      let sum: readonly FailureGroup[] = [];
      let after = '';
      for (let page = 0; page < mostPages; page++) {
        const path = `/v1/batches/${id}/failures${after}`;
        const { data, has_more, last_id } = await client.get<Page>(path, signal);
        sum = added(sum, data);
        if (!has_more || last_id === null) break;
        // What stands there from before says more than the first of the new count.
        setGroups((before) => (before && countOf(before) > countOf(sum) ? before : sum));
        after = `?after=${last_id}`;
      }
      signal.throwIfAborted();
      counted = failed + cancelled;
      setGroups(sum);
      setProblem(null);
      setCounting(false);
      return refreshMs;
    };
    return poll(count, (error) => {
      setProblem(problemOf(error));
      setCounting(false);
    });
  }, [client, id, generation, status, round]);

  return { groups, isCounting, problem, again: () => setRound((before) => before + 1) };
}

export const countOf = (groups: readonly FailureGroup[]): number => groups.reduce((sum, { count }) => sum + count, 0);

function added(sum: readonly FailureGroup[], more: readonly FailureGroup[]): readonly FailureGroup[] {
  const groups = new Map(sum.map((group) => [group.code, group]));
  for (const group of more) {
    const before = groups.get(group.code);
    groups.set(
      group.code,
      before ? { ...before, count: before.count + group.count, lines: [...before.lines, ...group.lines] } : group,
    );
  }
  return [...groups.values()].sort((a, b) => b.count - a.count);
}
