import { useCallback, useEffect, useRef, useState } from 'react';
import { ApiError, messageOf } from './api/client';
import { useSession } from './session';
import { text } from './text';

export interface Asked<T> {
  readonly data: T | null;
  /** Why the last answer did not come; what came before stays on the page. */
  readonly problem: string | null;
  readonly again: () => void;
}

/**
 * What the API answers at `path`, asked again `everyMs` after each answer while `live` says so and the page is looked at.
 * A failure is shown and tried again.
 */
export function useAsk<T>(path: string, everyMs = 0, live: (data: T) => boolean = () => true): Asked<T> {
  const { client, signOut } = useSession();
  const [state, setState] = useState<{ path: string; data: T | null; problem: string | null } | null>(null);
  const [round, setRound] = useState(0);
  const isLive = useRef(live);
  useEffect(() => {
    isLive.current = live;
  });

  useEffect(() => {
    const gone = new AbortController();
    let timer = 0;
    let first = true;
    const next = (): void => {
      if (everyMs > 0 && !gone.signal.aborted) timer = window.setTimeout(() => void ask(), everyMs);
    };
    const ask = async (): Promise<void> => {
      if (document.hidden && !first) return next();
      first = false;
      try {
        const data = await client.get<T>(path, gone.signal);
        if (gone.signal.aborted) return;
        setState({ path, data, problem: null });
        if (isLive.current(data)) next();
      } catch (error) {
        if (gone.signal.aborted) return;
        if (error instanceof ApiError && error.status === 401) return signOut(text.key.refused);
        setState((before) => ({
          path,
          data: before?.path === path ? before.data : null,
          problem: messageOf(error),
        }));
        // What is not there will not be there in a moment either.
        if (!(error instanceof ApiError) || error.status !== 404) next();
      }
    };
    void ask();
    return () => {
      gone.abort();
      window.clearTimeout(timer);
    };
  }, [client, signOut, path, everyMs, round]);

  const again = useCallback(() => setRound((before) => before + 1), []);
  const shown = state?.path === path ? state : null;
  return { data: shown?.data ?? null, problem: shown?.problem ?? null, again };
}
