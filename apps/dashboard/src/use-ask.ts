import { useCallback, useEffect, useRef, useState } from 'react';
import { poll, problemOf } from './api/poll';
import { useSession } from './session';

export interface Asked<T> {
  readonly data: T | null;
  /** Why the last answer did not come; what came before stays on the page. */
  readonly problem: string | null;
  readonly again: () => void;
}

/** So many milliseconds after an answer it is asked again; 0 or null: not any more. */
export type Every<T> = number | ((data: T) => number | null);

/** What the API answers at `path`, asked until there is an answer, and then again as `every` says. */
export function useAsk<T>(path: string, every: Every<T> = 0): Asked<T> {
  const { client } = useSession();
  const [state, setState] = useState<{ path: string; data: T | null; problem: string | null } | null>(null);
  const [round, setRound] = useState(0);
  const waits = useRef(every);
  useEffect(() => {
    waits.current = every;
  });

  useEffect(() => {
    const ask = async (signal: AbortSignal): Promise<number | null> => {
      const data = await client.get<T>(path, signal);
      signal.throwIfAborted();
      setState({ path, data, problem: null });
      const wait = typeof waits.current === 'number' ? waits.current : waits.current(data);
      return wait === 0 ? null : wait;
    };
    return poll(ask, (error) =>
      setState((before) => ({ path, data: before?.path === path ? before.data : null, problem: problemOf(error) })),
    );
  }, [client, path, round]);

  const again = useCallback(() => setRound((before) => before + 1), []);
  const shown = state?.path === path ? state : null;
  return { data: shown?.data ?? null, problem: shown?.problem ?? null, again };
}
