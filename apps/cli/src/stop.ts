/** Ctrl-C: once to come to an end in good order, twice to end. */
export interface Stop {
  /** Begin nothing more. */
  readonly soon: AbortSignal;
  /** Leave what is under way. */
  readonly now: AbortSignal;
  readonly close: () => void;
}

/** `graceMs`: how long what is under way may take after the first Ctrl-C. */
export function listenForStop(graceMs = 5_000): Stop {
  const soon = new AbortController();
  const now = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const asked = (): void => {
    if (soon.signal.aborted) now.abort(new Interrupted());
    else timer = setTimeout(() => now.abort(new Interrupted()), graceMs);
    soon.abort(new Interrupted());
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, asked);
  return {
    soon: soon.signal,
    now: now.signal,
    close: () => {
      clearTimeout(timer);
      for (const signal of signals) process.off(signal, asked);
    },
  };
}

/** Somebody pressed Ctrl-C. */
export class Interrupted extends Error {}
