import { useCallback, useEffect, useRef, useState } from 'react';
import { messageOf } from './api/client';
import type { Job, List } from './api/types';
import { useSession } from './session';

const pageSize = 100;

interface Loaded {
  /** One array per page, in the order of the lines. */
  readonly pages: readonly (readonly Job[])[];
  readonly last: string | null;
  readonly more: boolean;
}

const nothing: Loaded = { pages: [], last: null, more: true };

export interface Lines {
  readonly jobs: readonly Job[];
  readonly more: boolean;
  readonly problem: string | null;
  readonly loadMore: () => void;
  /** Reads the page in which this job stands anew: it was not ended when it was read. */
  readonly refresh: (index: number) => void;
}

/** A batch's lines page by page, one request at a time. `query`: the filter, as `&status=failed`. */
export function useLines(batch: string, query: string): Lines {
  const { client } = useSession();
  const [loaded, setLoaded] = useState<Loaded>(nothing);
  const [problem, setProblem] = useState<string | null>(null);
  const busy = useRef(false);
  const gone = useRef(new AbortController());
  const path = `/v1/batches/${batch}/jobs?limit=${pageSize}${query}`;

  useEffect(() => {
    gone.current = new AbortController();
    busy.current = false;
    setLoaded(nothing);
    return () => gone.current.abort();
  }, [path]);

  const read = useCallback(
    async (after: string | null, take: (page: List<Job>) => void): Promise<void> => {
      if (busy.current) return;
      busy.current = true;
      const { signal } = gone.current;
      try {
        const page = await client.get<List<Job>>(after === null ? path : `${path}&after=${after}`, signal);
        if (signal.aborted) return;
        take(page);
        setProblem(null);
      } catch (error) {
        if (!signal.aborted) setProblem(messageOf(error));
      } finally {
        if (!signal.aborted) busy.current = false;
      }
    },
    [client, path],
  );

  const loadMore = useCallback(() => {
    void read(loaded.last, (page) =>
      setLoaded(({ pages }) => ({ pages: [...pages, page.data], last: page.last_id, more: page.has_more })),
    );
  }, [read, loaded.last]);

  const refresh = useCallback(
    (index: number) => {
      let at = 0;
      let before = 0;
      while (at < loaded.pages.length && before + (loaded.pages[at]?.length ?? 0) <= index) {
        before += loaded.pages[at]?.length ?? 0;
        at += 1;
      }
      const after = at === 0 ? null : (loaded.pages[at - 1]?.at(-1)?.id ?? null);
      void read(after, (page) =>
        setLoaded(({ pages, last, more }) => ({
          pages: pages.map((one, number) => (number === at ? page.data : one)),
          last: at === pages.length - 1 ? page.last_id : last,
          more: at === pages.length - 1 ? page.has_more : more,
        })),
      );
    },
    [read, loaded.pages],
  );

  return { jobs: loaded.pages.flat(), more: loaded.more, problem, loadMore, refresh };
}
