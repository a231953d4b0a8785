import { lineJobId, lineState, linesToRun, type Batch } from '@rendermill/shared/domain/batch';
import type { LineState } from '@rendermill/shared/adapters/redis/batch-reader';
import { neverBegun } from '@rendermill/shared/domain/never-begun';
import type { ApiDeps } from '../deps.js';
import { errorOf, statusOf } from './list-lines.js';
import { readLines } from './read-lines.js';

/** Lines of a batch that came to nothing, by reason: found by their states, and read a stretch at a time. */

export interface FailureGroup {
  readonly code: string;
  /** Of the first of them. */
  readonly message: string | null;
  count: number;
  /** The first of them. */
  readonly lines: { readonly line: number; readonly job_id: string; readonly custom_id: string | null }[];
}

export interface FailurePage {
  readonly groups: readonly FailureGroup[];
  readonly more: boolean;
  /** Up to this line they are counted. */
  readonly last: number;
}

/** States are looked at in stretches of so many lines: 10 kB. */
const stretchLines = 20_000;
/** Records that are read for one request. */
const maxRead = 2_000;
/** Lines that are named of each group. */
const named = 20;

type Deps = Pick<ApiDeps, 'jobs' | 'batchReader' | 'storage'>;

/** Counts the lines behind `after`, as many as one request may read. */
export async function groupFailures(deps: Deps, batch: Batch, after: number): Promise<FailurePage> {
  const groups = new Map<string, FailureGroup>();
  const total = linesToRun(batch);
  const rest = neverBegun(batch);
  let room = maxRead;
  let neverBegunRead = 0;
  let last = after;
  while (last < total) {
    const first = last + 1;
    const states = await deps.batchReader.states(batch.id, first, Math.min(total, last + stretchLines));
    const wanted = new Map<number, LineState>();
    for (const [i, state] of states.entries()) {
      // Never begun: all for one reason, which needs no reading but for those that are named.
      if (rest && state === lineState.waiting && neverBegunRead++ >= named) {
        add(groups, rest.error.code, rest.error.message);
      } else if (isBad(state, rest !== null)) {
        if (room === 0) break;
        wanted.set(first + i, state);
        room--;
      }
      last = first + i;
    }
    for (const view of await readLines(deps, batch, wanted)) {
      const status = statusOf(view);
      if (status === 'completed' || status === 'queued' || status === 'in_progress') continue;
      const error = errorOf(view);
      const custom_id =
        view.kind === 'job' ? view.job.custom_id : view.kind === 'record' ? view.record.custom_id : null;
      const group = add(groups, error?.code ?? status, error?.message ?? null);
      if (group.lines.length < named)
        group.lines.push({ line: view.line, job_id: lineJobId(batch.id, view.line), custom_id });
    }
    if (room === 0) break;
  }
  return { groups: [...groups.values()], more: last < total, last };
}

function isBad(state: LineState, over: boolean): boolean {
  const { failed, cancelled, expired, waiting, again } = lineState;
  // A batch that ended before a line was run again leaves it as it was.
  return (
    state === failed || state === cancelled || state === expired || (over && (state === waiting || state === again))
  );
}

function add(groups: Map<string, FailureGroup>, code: string, message: string | null): FailureGroup {
  const group = groups.get(code) ?? { code, message, count: 0, lines: [] };
  group.count++;
  groups.set(code, group);
  return group;
}
