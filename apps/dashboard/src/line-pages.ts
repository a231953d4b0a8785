import { goodUntil } from './api/links';
import type { Batch, Job, JobStatus } from './api/types';
import { isOpen, isOver } from './parts/status';

/** Pages of a batch's lines as far as they are read: which of them are due, and how many lines they tell of. */

export const pageSize = 100;
/** What may change is read again after so long. */
export const refreshMs = 2_000;
/** Pages that are kept: those far from the view are read again when it comes back. */
const mostPages = 40;

export type LineFilter = JobStatus | 'all';
/** From, up to and without. */
export type Range = readonly [number, number];

/** How the batch stood: what was read at another moment may be otherwise now. */
interface Moment {
  readonly runs: boolean;
  /** Once it is over its pages are read once more; a retry makes it run again. */
  readonly state: string;
  /** How many lines there are in the state that is looked at, or null where only reading tells. */
  readonly known: number | null;
}

export interface LinePage {
  readonly jobs: readonly Job[];
  readonly more: boolean;
  readonly last: string | null;
  readonly readAt: number;
  /** Until when its links are good. */
  readonly goodUntil: number;
  readonly moment: Moment;
}

export type Pages = ReadonlyMap<number, LinePage>;

export const noPages: Pages = new Map();

export function momentOf(batch: Batch, filter: LineFilter): Moment {
  const { status, generation } = batch;
  const runs = !isOver(batch);
  return { runs, state: runs ? 'runs' : `${status} ${generation}`, known: countOf(batch, filter) };
}

function countOf({ request_counts }: Batch, filter: LineFilter): number | null {
  if (filter === 'all') return request_counts.total;
  if (filter === 'completed' || filter === 'failed' || filter === 'cancelled') return request_counts[filter];
  return null;
}

export function pageRead(
  jobs: readonly Job[],
  { has_more, last_id }: { readonly has_more: boolean; readonly last_id: string | null },
  moment: Moment,
): LinePage {
  return { jobs, more: has_more, last: last_id, readAt: Date.now(), goodUntil: goodUntil(jobs), moment };
}

export function isDue(page: LinePage | undefined, moment: Moment): boolean {
  if (!page || page.moment.state !== moment.state || page.goodUntil <= Date.now()) return true;
  if (!moment.runs || Date.now() - page.readAt < refreshMs) return false;
  // One more in this state stands somewhere among those before, and moves the rest.
  return page.jobs.length < pageSize || page.jobs.some(isOpen) || page.moment.known !== moment.known;
}

/** Where a page begins, as the API is asked for it; null: not yet known. */
export function whereOf(pages: Pages, number: number, { known }: Moment): string | null {
  if (known !== null) return number * pageSize < Math.max(known, 1) ? `&offset=${number * pageSize}` : null;
  if (number === 0) return '';
  const before = pages.get(number - 1);
  return before?.more && before.last !== null ? `&after=${before.last}` : null;
}

export function totalOf(pages: Pages, { known, runs }: Moment): number {
  const ends = [...pages].filter(([, { more }]) => !more).map(([number, { jobs }]) => number * pageSize + jobs.length);
  // Of a batch that is over the end that was found is the end: lines that expired are counted with those that failed.
  if (known !== null) return runs ? known : Math.min(known, ...ends);
  const last = Math.max(-1, ...pages.keys());
  const page = pages.get(last);
  return page ? last * pageSize + page.jobs.length + (page.more ? 1 : 0) : 0;
}

export function numbersOf(wanted: readonly Range[]): Set<number> {
  const numbers = new Set<number>();
  for (const [from, to] of wanted) {
    const first = Math.max(0, Math.floor(from / pageSize));
    for (let number = first; number * pageSize < to; number++) numbers.add(number);
  }
  return numbers;
}

/** With this page, and without the farthest from it where there are too many; what is read one behind the other stays whole. */
export function withPage(before: Pages, number: number, page: LinePage): Pages {
  const pages = new Map(before).set(number, page);
  if (page.moment.known === null || pages.size <= mostPages) return pages;
  const [farthest] = [...pages.keys()].sort((a, b) => Math.abs(b - number) - Math.abs(a - number));
  if (farthest !== undefined) pages.delete(farthest);
  return pages;
}

/** The page of a place is due at once. */
export function withoutLinks(pages: Pages, place: number): Pages {
  const number = Math.floor(place / pageSize);
  const page = pages.get(number);
  return page ? new Map(pages).set(number, { ...page, goodUntil: 0 }) : pages;
}
