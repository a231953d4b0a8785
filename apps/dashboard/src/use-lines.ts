import { useCallback, useEffect, useRef, useState } from 'react';
import { messageOf } from './api/client';
import { keepLinks } from './api/keep-links';
import type { Batch, Job, JobStatus, List } from './api/types';
import { isOpen, isOver } from './parts/status';
import { useSession } from './session';

/**
 * A batch's lines by their place, read where they are looked at: any stretch of them without those before it. Of those
 * that wait or run it is not known how many there are: these are read from the first on.
 */

const pageSize = 100;
/** Pages that are kept: those far from the view are read again when it comes back. */
const mostPages = 40;
const atOnce = 2;
const refreshMs = 2_000;

interface LinePage {
  readonly jobs: readonly Job[];
  readonly more: boolean;
  readonly last: string | null;
  readonly readAt: number;
  /** How its batch stood when it was read. */
  readonly moment: string;
}

type Pages = ReadonlyMap<number, LinePage>;

export interface Lines {
  /** How many there are, as far as is known. */
  readonly total: number;
  readonly at: (place: number) => Job | null;
  readonly isRead: boolean;
  readonly problem: string | null;
  readonly again: () => void;
}

/** From, up to and without. */
export type Range = readonly [number, number];

export type LineFilter = JobStatus | 'all';

const none: Pages = new Map();

export function useLines(batch: Batch, filter: LineFilter, wanted: readonly Range[]): Lines {
  const { client } = useSession();
  const [pages, setPages] = useState<Pages>(none);
  const [problem, setProblem] = useState<string | null>(null);
  const [, setTick] = useState(0);
  const reading = useRef(new Set<number>());
  const gone = useRef(new AbortController());
  const known = countOf(batch, filter);
  const over = isOver(batch);
  const moment = over ? `${batch.status} ${batch.generation}` : 'runs';
  const path = `/v1/batches/${batch.id}/jobs?limit=${pageSize}${filter === 'all' ? '' : `&status=${filter}`}`;

  useEffect(() => {
    gone.current = new AbortController();
    reading.current = new Set();
    setPages(none);
    setProblem(null);
    return () => gone.current.abort();
  }, [path]);

  const read = useCallback(
    async (number: number, where: string): Promise<void> => {
      const { signal } = gone.current;
      const mine = reading.current;
      mine.add(number);
      try {
        const { data, has_more, last_id } = await client.get<List<Job>>(path + where, signal);
        if (signal.aborted) return;
        mine.delete(number);
        setPages((before) => {
          const jobs = keepLinks(data, before.get(number)?.jobs ?? []);
          const page = { jobs, more: has_more, last: last_id, readAt: Date.now(), moment };
          return nearest(new Map(before).set(number, page), number, known !== null);
        });
        setProblem(null);
      } catch (error) {
        mine.delete(number);
        if (!signal.aborted) setProblem(messageOf(error));
      }
    },
    [client, path, moment, known],
  );

  // After every drawing: whatever has changed, what is looked at and not read is begun. Nothing else has to remember it.
  useEffect(() => {
    if (problem !== null) return;
    for (const number of numbersOf(wanted)) {
      if (reading.current.size >= atOnce) return;
      if (reading.current.has(number) || !isDue(pages.get(number), moment)) continue;
      const before = pages.get(number - 1);
      if (known !== null) {
        if (number * pageSize < Math.max(known, 1)) void read(number, `&offset=${number * pageSize}`);
      } else if (number === 0) void read(number, '');
      else if (before?.more && before.last !== null) void read(number, `&after=${before.last}`);
    }
  });

  // What is seen and not done yet is looked at again while the batch runs.
  useEffect(() => {
    if (over) return undefined;
    const timer = window.setInterval(() => {
      if (!document.hidden) setTick((before) => before + 1);
    }, refreshMs);
    return () => window.clearInterval(timer);
  }, [over]);

  return {
    total: totalOf(pages, known, over),
    at: (place) => pages.get(Math.floor(place / pageSize))?.jobs[place % pageSize] ?? null,
    isRead: pages.size > 0,
    problem,
    again: () => setProblem(null),
  };
}

/** How many lines there are in a state, or null where only reading tells. */
function countOf({ request_counts }: Batch, filter: LineFilter): number | null {
  if (filter === 'all') return request_counts.total;
  if (filter === 'completed' || filter === 'failed' || filter === 'cancelled') return request_counts[filter];
  return null;
}

function totalOf(pages: Pages, known: number | null, over: boolean): number {
  const ends = [...pages].filter(([, { more }]) => !more).map(([number, { jobs }]) => number * pageSize + jobs.length);
  // Of a batch that is over the end that was found is the end: lines that expired are counted with those that failed.
  if (known !== null) return over ? Math.min(known, ...ends) : known;
  const last = Math.max(-1, ...pages.keys());
  const page = pages.get(last);
  return page ? last * pageSize + page.jobs.length + (page.more ? 1 : 0) : 0;
}

function numbersOf(wanted: readonly Range[]): Set<number> {
  const numbers = new Set<number>();
  for (const [from, to] of wanted) {
    const first = Math.max(0, Math.floor(from / pageSize));
    for (let number = first; number * pageSize < to; number++) numbers.add(number);
  }
  return numbers;
}

function isDue(page: LinePage | undefined, moment: string): boolean {
  if (!page) return true;
  // Read while it ran: once more now that it is over.
  if (page.moment !== moment) return true;
  if (moment !== 'runs' || Date.now() - page.readAt < refreshMs) return false;
  return page.jobs.length < pageSize || page.jobs.some(isOpen);
}

/** Without the pages farthest from this one, where there are too many; what is read one behind the other stays whole. */
function nearest(pages: Map<number, LinePage>, number: number, mayDrop: boolean): Pages {
  if (!mayDrop || pages.size <= mostPages) return pages;
  const [farthest] = [...pages.keys()].sort((a, b) => Math.abs(b - number) - Math.abs(a - number));
  if (farthest !== undefined) pages.delete(farthest);
  return pages;
}
