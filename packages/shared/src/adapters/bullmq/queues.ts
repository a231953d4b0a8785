import { Queue, type JobsOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import { queueTelemetry } from '../../observability/tracing.js';

/** BullMQ's queues as we use them: a durable, fair way for ids from one process to another, and nothing else. */

/** Our own ledger is the history and decides about retries, so an entry leaves no trace and is tried once. */
const entryOptions: JobsOptions = { attempts: 1, removeOnComplete: true, removeOnFail: true };

export interface NewEntry<T> {
  /** Deterministic: adding it twice is a no-op. */
  readonly id: string;
  readonly data: T;
  /** Lower first, from 1; entries of priority 0 would overtake all others. */
  readonly priority: number;
}

/** Opens queues by name over one connection, and closes them together. */
export class Queues {
  readonly #connection: Redis;
  readonly #prefix: string;
  readonly #onError: (error: Error) => void;
  readonly #open = new Map<string, Queue>();

  constructor(connection: Redis, keyPrefix: string, onError: (error: Error) => void) {
    this.#connection = connection;
    this.#prefix = `{${keyPrefix}}`;
    this.#onError = onError;
  }

  /** Adds entries; chunks keep each call to Redis short. It is a pipeline, not a transaction: ids make repeats safe. */
  async add<T>(name: string, entries: readonly NewEntry<T>[]): Promise<void> {
    const queue = this.#queue(name);
    for (let first = 0; first < entries.length; first += 200) {
      await queue.addBulk(
        entries.slice(first, first + 200).map(({ id, data, priority }) => ({
          name: 'entry',
          data,
          opts: { ...entryOptions, jobId: id, priority },
        })),
      );
    }
  }

  /** Entries that wait. */
  async waiting(name: string): Promise<number> {
    return this.#queue(name).count();
  }

  /** BullMQ's own object, for what shows queues to people. */
  open(name: string): Queue {
    return this.#queue(name);
  }

  /** True where an entry is in its queue, waiting or taken. */
  async has(name: string, id: string): Promise<boolean> {
    return (await this.#queue(name).getJob(id)) !== undefined;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((queue) => queue.close()));
  }

  #queue(name: string): Queue {
    let queue = this.#open.get(name);
    if (!queue) {
      queue = new Queue(name, {
        connection: this.#connection,
        prefix: this.#prefix,
        streams: { events: { maxLen: 1_000 } },
        ...queueTelemetry(),
      });
      queue.on('error', this.#onError);
      this.#open.set(name, queue);
    }
    return queue;
  }
}
