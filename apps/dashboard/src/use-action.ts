import { useCallback, useState } from 'react';
import { messageOf } from './api/client';

export interface Action {
  /** What is under way, by the name it was begun with. */
  readonly busy: string | null;
  readonly problem: string | null;
  readonly run: (name: string, work: () => Promise<void>) => void;
}

/** One thing at a time that a person asked for; what it failed with is kept for the page to show. */
export function useAction(): Action {
  const [busy, setBusy] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const run = useCallback((name: string, work: () => Promise<void>) => {
    setBusy(name);
    setProblem(null);
    work()
      .catch((error: unknown) => setProblem(messageOf(error)))
      .finally(() => setBusy(null));
  }, []);
  return { busy, problem, run };
}
