import type { BatchStore } from '@rendermill/shared/adapters/redis/batch-store';
import type { Signals } from '@rendermill/shared/adapters/redis/signals';
import { isEnded, lineOfJob, type Batch } from '@rendermill/shared/domain/batch';
import { Bell } from './bell.js';

/** Waits for news of batches: told at once of their states and of jobs that ended; a slow look finds what was not told. */
const lookEveryMs = 2_000;

export class BatchWaiter {
  readonly #batches: Pick<BatchStore, 'get'>;
  readonly #states = new Bell();
  readonly #lines = new Bell();

  constructor(batches: Pick<BatchStore, 'get'>) {
    this.#batches = batches;
  }

  async start(signals: Pick<Signals, 'listen'>): Promise<void> {
    await signals.listen('changed', (id) => {
      this.#states.ring(id);
      this.#lines.ring(id);
    });
    await signals.listen('done', (id) => {
      const line = lineOfJob(id);
      if (line) this.#lines.ring(line.batch);
    });
  }

  /** Listens for anything new of a batch: a state, a line that ended, or {@link lookEveryMs} without either. */
  news(id: string, signal: AbortSignal): { promise: Promise<void>; stop: () => void } {
    return this.#lines.hear(id, lookEveryMs, signal);
  }

  /** The batch once it has ended, or as it stands after `ms` or when `signal` aborts; null where there is none. */
  async until(project: string, id: string, ms: number, signal: AbortSignal): Promise<Batch | null> {
    const deadline = Date.now() + ms;
    for (;;) {
      // Listening begins before the look, so that an end between the two is not missed.
      const left = Math.max(0, deadline - Date.now());
      const woken = this.#states.hear(id, Math.min(lookEveryMs, left), signal);
      let batch: Batch | null = null;
      let waits = false;
      try {
        batch = await this.#batches.get(project, id);
        waits = batch !== null && !isEnded(batch.status) && left > 0 && !signal.aborted;
      } finally {
        if (!waits) woken.stop();
      }
      if (!waits) return batch;
      await woken.promise;
    }
  }
}
