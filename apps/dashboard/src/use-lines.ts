import { useCallback, useEffect, useRef, useState } from 'react';
import { ApiError } from './api/client';
import { keepLinks } from './api/links';
import { isFinal, problemOf, waitAfter } from './api/poll';
import type { Batch, Job, List } from './api/types';
import * as Page from './line-pages';
import { useSession } from './session';
import { useTicks } from './use-ticks';

/**
 * A batch's lines by their place, read where they are looked at: any stretch of them without those before it. Of those
 * that wait or run it is not known how many there are: these are read from the first on.
 */

const atOnce = 2;

export interface Lines {
  /** How many there are, as far as is known. */
  readonly total: number;
  readonly at: (place: number) => Job | null;
  readonly isRead: boolean;
  readonly problem: string | null;
  readonly again: () => void;
  /** A picture of the line at this place did not load: its link may have died. */
  readonly reload: (place: number) => void;
}

/** What went wrong, and until when nothing is asked. */
interface Trouble {
  readonly message: string;
  /** No answer came, good or bad. */
  readonly isSilence: boolean;
  readonly failures: number;
  readonly until: number;
}

export function useLines(batch: Batch, filter: Page.LineFilter, wanted: readonly Page.Range[]): Lines {
  const { client } = useSession();
  const [pages, setPages] = useState(Page.noPages);
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const reading = useRef(new Map<number, AbortController>());
  const gone = useRef(new AbortController());
  const links = useRef({ broken: new Set<string>(), askedAgain: new Set<string>() });
  const moment = Page.momentOf(batch, filter);
  const { runs, state, known } = moment;
  const path = `/v1/batches/${batch.id}/jobs?limit=${Page.pageSize}${filter === 'all' ? '' : `&status=${filter}`}`;

  useEffect(() => {
    gone.current = new AbortController();
    reading.current = new Map();
    setPages(Page.noPages);
    setTrouble(null);
    return () => gone.current.abort();
  }, [path]);

  const read = useCallback(
    async (number: number, where: string): Promise<void> => {
      const mine = reading.current;
      const own = new AbortController();
      const signal = AbortSignal.any([gone.current.signal, own.signal]);
      mine.set(number, own);
      try {
        const list = await client.get<List<Job>>(path + where, signal);
        if (signal.aborted) return;
        mine.delete(number);
        const broken = new Set(links.current.broken);
        for (const { id } of list.data) links.current.broken.delete(id);
        setPages((before) => {
          const jobs = keepLinks(list.data, before.get(number)?.jobs ?? [], broken);
          return Page.withPage(before, number, Page.pageRead(jobs, list, { runs, state, known }));
        });
        setTrouble(null);
      } catch (error) {
        if (signal.aborted) return;
        mine.delete(number);
        setTrouble((before) => {
          const failures = (before?.failures ?? 0) + 1;
          const until = isFinal(error) ? Infinity : Date.now() + waitAfter(failures, error);
          const isSilence = error instanceof ApiError && error.status === 0;
          return { message: problemOf(error), isSilence, failures, until };
        });
      }
    },
    [client, path, runs, state, known],
  );

  const numbers = [...Page.numbersOf(wanted)];
  // After every drawing: whatever has changed, what is looked at and not read is begun. Nothing else has to remember it.
  useEffect(() => {
    // What was scrolled away must not hold up what is looked at now. Pages that are read one behind the other are all of use.
    for (const [number, own] of known === null ? [] : reading.current) {
      if (numbers.includes(number)) continue;
      own.abort();
      reading.current.delete(number);
    }
    if (document.hidden || (trouble && trouble.until > Date.now())) return;
    for (const number of numbers) {
      if (reading.current.size >= atOnce) return;
      if (reading.current.has(number) || !Page.isDue(pages.get(number), moment)) continue;
      const where = Page.whereOf(pages, number, moment);
      if (where !== null) void read(number, where);
    }
  });

  // What is seen and not done yet is looked at again while the batch runs; what is done, before its links die.
  const linksEnd = Math.min(...numbers.map((number) => pages.get(number)?.goodUntil ?? Infinity));
  useTicks(runs ? Page.refreshMs : null, Math.min(trouble?.until ?? Infinity, linksEnd));

  // A connection that is there again is there for the lines too: the batch itself was just read, or the system says so.
  const again = useCallback(() => setTrouble((before) => before && { ...before, until: 0 }), []);
  useEffect(() => setTrouble((before) => (before?.isSilence ? { ...before, until: 0 } : before)), [batch]);
  useEffect(() => {
    window.addEventListener('online', again);
    return () => window.removeEventListener('online', again);
  }, [again]);

  const latest = useRef(pages);
  useEffect(() => {
    latest.current = pages;
  });
  const reload = useCallback((place: number) => {
    const job = lineAt(latest.current, place);
    // Once: a picture that cannot be had is not asked for without end.
    if (!job || links.current.askedAgain.has(job.id)) return;
    links.current.askedAgain.add(job.id);
    links.current.broken.add(job.id);
    setPages((before) => Page.withoutLinks(before, place));
  }, []);

  return {
    total: Page.totalOf(pages, moment),
    at: (place) => lineAt(pages, place),
    isRead: pages.size > 0,
    problem: trouble?.message ?? null,
    again,
    reload,
  };
}

const lineAt = (pages: Page.Pages, place: number): Job | null =>
  pages.get(Math.floor(place / Page.pageSize))?.jobs[place % Page.pageSize] ?? null;
