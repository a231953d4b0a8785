import { useEffect, useState } from 'react';
import { messageOf } from './api/client';
import type { Batch, FailureGroup } from './api/types';
import { useSession } from './session';

interface Page {
  readonly data: readonly FailureGroup[];
  readonly has_more: boolean;
  readonly last_id: string | null;
}

/** Pages that are read one behind the other: two thousand lines each, and all that were never begun. */
const mostPages = 200;
/** A running batch is counted again after so long. */
const refreshMs = 5_000;

export interface Failures {
  /** Null until the first are known. */
  readonly groups: readonly FailureGroup[] | null;
  readonly isCounting: boolean;
  readonly problem: string | null;
  readonly again: () => void;
}

/** What failed, by reason, over all lines; what is counted so far is shown meanwhile. */
export function useFailures(batch: Batch): Failures {
  const { client } = useSession();
  const [groups, setGroups] = useState<readonly FailureGroup[] | null>(null);
  const [isCounting, setCounting] = useState(true);
  const [problem, setProblem] = useState<string | null>(null);
  const [round, setRound] = useState(0);
  const { failed, cancelled } = batch.request_counts;
  const moment = `${batch.id} ${batch.generation} ${batch.status} ${failed + cancelled}`;
  const stamp = useEvery(refreshMs, moment);

  useEffect(() => {
    const gone = new AbortController();
    const read = async (): Promise<void> => {
      setCounting(true);
      try {
        let sum: readonly FailureGroup[] = [];
        let after = '';
        for (let page = 0; page < mostPages; page++) {
          const { data, has_more, last_id } = await client.get<Page>(
            `/v1/batches/${batch.id}/failures${after}`,
            gone.signal,
          );
          sum = added(sum, data);
          if (!has_more || last_id === null) break;
          // What stands there from before says more than the first of the new count.
          setGroups((before) => (before && countOf(before) > countOf(sum) ? before : sum));
          after = `?after=${last_id}`;
        }
        setGroups(sum);
        setProblem(null);
      } catch (error) {
        if (!gone.signal.aborted) setProblem(messageOf(error));
      } finally {
        if (!gone.signal.aborted) setCounting(false);
      }
    };
    void read();
    return () => gone.abort();
  }, [client, batch.id, stamp, round]);

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

/** Follows a value, but no more often than so: a count that is long under way is not begun anew at each change. */
function useEvery(ms: number, value: string): string {
  const [taken, setTaken] = useState({ value, at: Date.now() });
  useEffect(() => {
    if (value === taken.value) return undefined;
    const wait = Math.max(0, taken.at + ms - Date.now());
    const timer = window.setTimeout(() => setTaken({ value, at: Date.now() }), wait);
    return () => window.clearTimeout(timer);
  }, [value, taken, ms]);
  return taken.value;
}
