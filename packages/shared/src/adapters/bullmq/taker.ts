import { Worker, type Job as BullJob } from 'bullmq';
import type { Redis } from 'ioredis';

/**
 * Takes entries from a queue by hand, for a caller that must have a permit before it takes one. BullMQ's own
 * worker loop fetches first and waits inside the processor, where an entry can no longer be overtaken.
 */

/** Long, for the ledger decides about recovery, not the lock; a lost lock costs a second, void delivery. */
const lockMs = 120_000;
const renewLocksEveryMs = 30_000;

const workerOptions = {
  autorun: false,
  lockDuration: lockMs,
  stalledInterval: 30_000,
  // BullMQ would fail an entry for good after one stall; whether a job may run again is the ledger's to say.
  maxStalledCount: 1_000_000,
} as const;

export interface Taken<T> {
  readonly id: string;
  readonly data: T;
}

export class EntryTaker<T> {
  readonly #worker: Worker<T>;
  readonly #taken = new Map<string, BullJob<T>>();
  readonly #renewal: NodeJS.Timeout;
  readonly #onError: (error: Error) => void;
  #tokens = 0;

  constructor(queue: string, connection: Redis, keyPrefix: string, onError: (error: Error) => void) {
    this.#onError = onError;
    this.#worker = new Worker<T>(queue, null, { ...workerOptions, connection, prefix: `{${keyPrefix}}` });
    this.#worker.on('error', onError);
    this.#worker.startStalledCheckTimer().catch(onError);
    this.#renewal = setInterval(() => {
      this.#renewLocks().catch(onError);
    }, renewLocksEveryMs);
  }

  /** The next entry, or null where none waits. Its lock is renewed until it is completed. */
  async take(): Promise<Taken<T> | null> {
    const token = `${this.#worker.id}:${this.#tokens++}`;
    const entry: BullJob<T> | undefined = await this.#worker.getNextJob(token, { block: false });
    if (!entry?.id) return null;
    this.#taken.set(entry.id, entry);
    return { id: entry.id, data: entry.data };
  }

  /** Removes an entry from the queue. One that was lost meanwhile is void anyway: the ledger knows the truth. */
  async complete(id: string): Promise<void> {
    const entry = this.#taken.get(id);
    this.#taken.delete(id);
    if (!entry?.token) return;
    try {
      await entry.moveToCompleted(null, entry.token, false);
    } catch (error) {
      this.#onError(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#renewal);
    await this.#worker.close();
  }

  async #renewLocks(): Promise<void> {
    const entries = [...this.#taken.values()].flatMap((entry) =>
      entry.id && entry.token ? [[entry.id, entry.token] as const] : [],
    );
    if (entries.length === 0) return;
    await this.#worker.extendJobLocks(
      entries.map(([id]) => id),
      entries.map(([, token]) => token),
      lockMs,
    );
  }
}
