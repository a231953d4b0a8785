import type { LineState } from '@rendermill/shared/adapters/redis/batch-reader';
import { linesToRun, lineState, type Batch } from '@rendermill/shared/domain/batch';
import type { ErrorBody } from '@rendermill/shared/domain/errors';
import { isTerminal, type JobStatus } from '@rendermill/shared/domain/job';
import { neverBegun } from '@rendermill/shared/domain/never-begun';
import type { ApiDeps } from '../deps.js';
import { readLines, type LineView } from './read-lines.js';

/** One page of a batch's lines, in their order: found by their states, four bits each, and only then read. */
export interface LineFilter {
  readonly status?: JobStatus | undefined;
  /** Only lines that failed, and in this way. */
  readonly error_code?: string | undefined;
  /** More that a line must be. */
  readonly fits?: (line: LineView) => boolean;
  /** The line that the page comes after. */
  readonly after?: number | undefined;
  /** So many lines that fit by their state are passed over unread. */
  readonly offset?: number | undefined;
  readonly limit: number;
  readonly order: 'asc' | 'desc';
}

export interface LinePage {
  readonly lines: readonly LineView[];
  readonly more: boolean;
  /** The last line that was looked at: a page that found nothing within its bound leads on from there. */
  readonly last: number | null;
}

/** States are looked at in stretches of so many lines: 10 kB. */
const stretchLines = 20_000;
/** What a filter makes us read is bounded for one request. */
const maxRead = 2_000;

export async function listLines(
  deps: Pick<ApiDeps, 'jobs' | 'batchReader' | 'storage'>,
  batch: Batch,
  filter: LineFilter,
): Promise<LinePage> {
  const wanted = statesOf(batch, filter);
  const lines: LineView[] = [];
  let last: number | null = filter.after ?? null;
  let read = 0;
  let pass = filter.offset ?? 0;
  for (let stretch = nextStretch(batch, filter, last); stretch; stretch = nextStretch(batch, filter, last)) {
    const candidates = (await candidatesIn(deps, batch, filter, stretch)).filter(([, state]) => wanted.has(state));
    const passed = candidates.splice(0, pass);
    pass -= passed.length;
    last = passed.at(-1)?.[0] ?? last;
    while (candidates.length > 0) {
      const lot = candidates.splice(0, Math.max(50, filter.limit + 1 - lines.length));
      for (const view of await readLines(deps, batch, new Map(lot))) {
        if (matches(view, filter)) {
          if (lines.length === filter.limit) return { lines, more: true, last };
          lines.push(view);
        }
        last = view.line;
      }
      read += lot.length;
      if (read >= maxRead) return { lines, more: true, last };
    }
    last = filter.order === 'asc' ? stretch.last : stretch.first;
  }
  return { lines, more: false, last };
}

interface Stretch {
  readonly first: number;
  readonly last: number;
}

function nextStretch(batch: Batch, { order }: LineFilter, after: number | null): Stretch | null {
  const total = linesToRun(batch);
  if (order === 'asc') {
    const first = (after ?? 0) + 1;
    return first > total ? null : { first, last: Math.min(total, first + stretchLines - 1) };
  }
  const last = Math.min(total, (after ?? total + 1) - 1);
  return last < 1 ? null : { first: Math.max(1, last - stretchLines + 1), last };
}

async function candidatesIn(
  deps: Pick<ApiDeps, 'batchReader'>,
  batch: Batch,
  { order }: LineFilter,
  { first, last }: Stretch,
): Promise<[number, LineState][]> {
  const states = await deps.batchReader.states(batch.id, first, last);
  const rows = states.map((state, i): [number, LineState] => [first + i, state]);
  return order === 'asc' ? rows : rows.reverse();
}

/** The states in which a line that is looked for may be. One that moves meanwhile is judged by what is read of it. */
function statesOf(batch: Batch, { status, error_code }: LineFilter): Set<LineState> {
  const { waiting, open, again, completed, failed, cancelled, expired } = lineState;
  const rest = neverBegun(batch);
  const of: Record<JobStatus, LineState[]> = {
    queued: rest ? [open] : [waiting, again, open],
    in_progress: [open],
    completed: [completed],
    failed: [failed],
    cancelled: [cancelled],
    expired: [expired],
  };
  if (rest) of[rest.status].push(waiting);
  // A batch that ended before a line was run again leaves it as it was.
  if (rest) for (const end of ['failed', 'cancelled', 'expired'] as const) of[end].push(again);
  if (status !== undefined) return new Set(of[status]);
  if (error_code !== undefined) return new Set([...of.failed, ...of.cancelled, ...of.expired]);
  return new Set(Object.values(lineState));
}

function matches(view: LineView, { status, error_code, fits }: LineFilter): boolean {
  return (
    (status === undefined || statusOf(view) === status) &&
    (error_code === undefined || errorOf(view)?.code === error_code) &&
    (fits === undefined || fits(view))
  );
}

export function statusOf(view: LineView): JobStatus {
  if (view.kind === 'job') return view.job.status;
  return view.kind === 'record' && !view.again ? view.record.status : 'queued';
}

export function errorOf(view: LineView): ErrorBody | null {
  // One that is still to end may carry what went wrong with its last try.
  if (view.kind === 'job') return isTerminal(view.job.status) ? view.job.error : null;
  return view.kind === 'record' && !view.again ? view.record.error : null;
}
