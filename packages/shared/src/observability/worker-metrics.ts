import { Counter, Gauge, Histogram } from 'prom-client';
import { newRegistry } from './registry.js';
import { storageMetrics } from './storage-metrics.js';

/** What a scrape asks of a worker. */
export interface WorkerGauges {
  readonly running: () => number;
  readonly concurrency: number;
  readonly leads: () => boolean;
  /** Bytes in this worker's folder of the spool. */
  readonly spooled: () => Promise<number>;
  /** Bytes that are free on its disk. */
  readonly free: () => Promise<number>;
}

/** Prometheus metrics of one worker process. Names follow Prometheus's rules: base units, `_total` for counters. */
export function createWorkerMetrics() {
  const registry = newRegistry('worker');
  const registers = [registry];
  return {
    registry,
    ...storageMetrics(registry),
    attempts: new Counter({
      name: 'rendermill_attempts_total',
      help: 'Calls to providers by what they came to: not_sent, rejected, billed, unknown.',
      labelNames: ['provider', 'model', 'outcome'],
      registers,
    }),
    attemptSeconds: new Histogram({
      name: 'rendermill_attempt_duration_seconds',
      help: 'Time from sending a call to its last byte.',
      labelNames: ['provider', 'model'],
      buckets: [0.5, 1, 2, 5, 10, 20, 40, 80, 160, 320],
      registers,
    }),
    spend: new Counter({
      name: 'rendermill_spend_usd_total',
      help: 'US dollars spent (billed) or possibly spent (unknown), where the price is known.',
      labelNames: ['provider', 'model', 'outcome'],
      registers,
    }),
    unpriced: new Counter({
      name: 'rendermill_attempts_unpriced_total',
      help: 'Billed or possibly billed calls whose price is not known: what they cost is not in the spend.',
      labelNames: ['provider', 'model'],
      registers,
    }),
    accountChanges: new Counter({
      name: 'rendermill_account_changes_total',
      help: 'Changes in how an account is used, by what its answers told: parked, circuit_opened, recovered, slowed.',
      labelNames: ['provider', 'change'],
      registers,
    }),
    failovers: new Counter({
      name: 'rendermill_failovers_total',
      help: 'Jobs that an account refused without being paid, and that went on at another; by the account that refused.',
      labelNames: ['provider', 'code'],
      registers,
    }),
    batches: new Counter({
      name: 'rendermill_batches_finished_total',
      help: 'Batches that ended, by how.',
      labelNames: ['status'],
      registers,
    }),
    jobs: new Counter({
      name: 'rendermill_jobs_finished_total',
      help: 'Jobs that reached a terminal status in this worker.',
      labelNames: ['status'],
      registers,
    }),
    jobSeconds: new Histogram({
      name: 'rendermill_job_duration_seconds',
      help: 'Time from when a job was made to its end, waits included.',
      labelNames: ['status'],
      buckets: [1, 2, 5, 10, 20, 40, 80, 160, 320, 600, 1_800, 7_200, 43_200],
      registers,
    }),
    permitWait: new Histogram({
      name: 'rendermill_permit_wait_seconds',
      help: 'Time that a waiting routing class waited for a permit.',
      buckets: [0.005, 0.05, 0.5, 2, 10, 60, 600],
      registers,
    }),
    stored: new Counter({ name: 'rendermill_images_stored_total', help: 'Images stored.', registers }),
    storedBytes: new Counter({
      name: 'rendermill_images_stored_bytes_total',
      help: 'Bytes of these images.',
      registers,
    }),
    otherSize: new Counter({
      name: 'rendermill_images_other_size_total',
      help: 'Images that came in another size than was asked for.',
      labelNames: ['provider'],
      registers,
    }),
    resultUrlLeft: new Histogram({
      name: 'rendermill_result_url_remaining_seconds',
      help: 'Life left in a result link when its picture was copied; near zero is near loss.',
      buckets: [0, 10, 60, 300, 1_200, 3_600, 21_600, 86_400],
      registers,
    }),
    resultUrlsExpired: new Counter({
      name: 'rendermill_result_urls_expired_total',
      help: 'Result links that died before their picture was copied: paid and lost.',
      registers,
    }),
    deliveries: new Counter({
      name: 'rendermill_webhook_deliveries_total',
      help: 'Tries to deliver a webhook, by result: delivered, retrying, failed (the last of them).',
      labelNames: ['result'],
      registers,
    }),
    deliverySeconds: new Histogram({
      name: 'rendermill_webhook_delivery_duration_seconds',
      help: 'Time that a receiver took to answer a delivery, or not to.',
      buckets: [0.01, 0.05, 0.25, 1, 2.5, 5, 10, 15],
      registers,
    }),
    surprises: new Counter({
      name: 'rendermill_unexpected_errors_total',
      help: 'Errors inside Rendermill that nobody expected; the log has each (job.surprised).',
      registers,
    }),
    inFlight: new Gauge({
      name: 'rendermill_attempts_in_flight',
      help: 'Attempts in flight in this process.',
      registers,
    }),
  };
}

/** What is looked up when somebody asks. */
export function watchWorker(
  { registry }: Pick<WorkerMetrics, 'registry'>,
  { running, concurrency, leads, spooled, free }: WorkerGauges,
): void {
  const looked = (name: string, help: string, look: () => number | Promise<number>): Gauge =>
    new Gauge({
      name: `rendermill_${name}`,
      help,
      registers: [registry],
      async collect() {
        this.set(await look());
      },
    });
  looked('worker_jobs', 'Jobs in the hands of this process.', running);
  looked('worker_concurrency', 'Jobs that this process takes at most (WORKER_CONCURRENCY).', () => concurrency);
  looked('worker_leads', '1 in the one worker that feeds and closes batches, 0 in the others.', () =>
    leads() ? 1 : 0,
  );
  looked(
    'spool_bytes',
    "Bytes in this process's spool: results that are paid and not stored yet, inputs on their way, the journal.",
    spooled,
  );
  looked(
    'spool_free_bytes',
    'Bytes that are free on the disk of the spool; under 256 MiB nothing more is bought.',
    free,
  );
}

export type WorkerMetrics = ReturnType<typeof createWorkerMetrics>;
