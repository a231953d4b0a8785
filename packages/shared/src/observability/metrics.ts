import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** Prometheus metrics of one process. Names follow Prometheus's rules: base units, `_total` for counters. */
export function createMetrics(app: 'api' | 'worker') {
  const registry = new Registry();
  registry.setDefaultLabels({ app });
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    httpRequests: new Histogram({
      name: 'rendermill_http_request_duration_seconds',
      help: 'Time to answer an HTTP request; held calls are held on purpose.',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60, 240],
      registers,
    }),
    attempts: new Counter({
      name: 'rendermill_attempts_total',
      help: 'Calls to providers by what they came to.',
      labelNames: ['provider', 'outcome'],
      registers,
    }),
    attemptSeconds: new Histogram({
      name: 'rendermill_attempt_duration_seconds',
      help: 'Time from sending a call to its last byte.',
      labelNames: ['provider'],
      buckets: [0.5, 1, 2, 5, 10, 20, 40, 80, 160, 320],
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
    spend: new Counter({
      name: 'rendermill_spend_usd_total',
      help: 'Money spent or possibly spent, where the price is known.',
      labelNames: ['provider', 'outcome'],
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
      help: 'Jobs that reached a terminal status.',
      labelNames: ['status'],
      registers,
    }),
    permitWait: new Histogram({
      name: 'rendermill_permit_wait_seconds',
      help: 'Time that a waiting routing class waited for a permit.',
      buckets: [0.005, 0.05, 0.5, 2, 10, 60, 600],
      registers,
    }),
    stored: new Counter({ name: 'rendermill_images_stored_total', help: 'Images stored.', registers }),
    otherSize: new Counter({
      name: 'rendermill_images_other_size_total',
      help: 'Images that came in another size than was asked for.',
      labelNames: ['provider'],
      registers,
    }),
    storageFailures: new Counter({
      name: 'rendermill_storage_failures_total',
      help: 'Tries to store that failed; paid results wait in the spool meanwhile.',
      labelNames: ['fault'],
      registers,
    }),
    resultUrlSecondsLeft: new Histogram({
      name: 'rendermill_result_url_seconds_left',
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
      help: 'Webhook deliveries by result.',
      labelNames: ['result'],
      registers,
    }),
    inFlight: new Gauge({
      name: 'rendermill_attempts_in_flight',
      help: 'Attempts in flight in this process.',
      registers,
    }),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
