import { Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { queueTelemetry } from '../../observability/tracing.js';

/** Consumes a queue whose entries need no permit: BullMQ's own loop, with its blocking wait. */
export interface ConsumerOptions<T> {
  readonly queue: string;
  readonly connection: Redis;
  readonly keyPrefix: string;
  readonly concurrency: number;
  /** Must not throw for anything expected: an entry is tried once and then gone. */
  readonly handle: (data: T, id: string) => Promise<void>;
  readonly onError: (error: Error) => void;
}

export interface Consumer {
  /** Takes no more, and waits for what is in hand. */
  close(): Promise<void>;
}

export function consume<T>(options: ConsumerOptions<T>): Consumer {
  const worker = new Worker<T>(options.queue, async (entry) => options.handle(entry.data, entry.id ?? ''), {
    connection: options.connection,
    prefix: `{${options.keyPrefix}}`,
    concurrency: options.concurrency,
    lockDuration: 120_000,
    stalledInterval: 30_000,
    // As in the taker: recovery is the ledger's, not the queue's.
    maxStalledCount: 1_000_000,
    ...queueTelemetry(),
  });
  worker.on('error', options.onError);
  worker.on('failed', (_entry, error) => options.onError(error));
  return { close: async () => worker.close() };
}
