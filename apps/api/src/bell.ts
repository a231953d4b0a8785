/** Wakes whoever waits for news of one thing, by its id; a wait that nothing is told to ends by its own time. */
export class Bell {
  readonly #waiting = new Map<string, Set<() => void>>();

  ring(id: string): void {
    for (const wake of this.#waiting.get(id) ?? []) wake();
  }

  /** Listens from now on: `promise` resolves when it rings, after `ms`, when `signal` aborts, or by `stop`. */
  hear(id: string, ms: number, signal: AbortSignal): { promise: Promise<void>; stop: () => void } {
    let stop: () => void = () => undefined;
    const promise = new Promise<void>((resolve) => {
      stop = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', stop);
        const set = this.#waiting.get(id);
        set?.delete(stop);
        if (set?.size === 0) this.#waiting.delete(id);
        resolve();
      };
      const timer = setTimeout(stop, ms);
      signal.addEventListener('abort', stop, { once: true });
      const set = this.#waiting.get(id) ?? new Set();
      this.#waiting.set(id, set.add(stop));
      // Its event has been, and comes no second time.
      if (signal.aborted) stop();
    });
    return { promise, stop };
  }
}
