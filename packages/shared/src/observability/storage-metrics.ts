import { Counter, Histogram, type Registry } from 'prom-client';

/** What API and worker measure of the store. */
export function storageMetrics(registry: Registry) {
  const registers = [registry];
  return {
    storageSeconds: new Histogram({
      name: 'rendermill_storage_request_duration_seconds',
      help: 'Time of a request to the store, by operation: put_once (a picture), put (any other object), head, get (until its first byte), delete.',
      labelNames: ['operation'],
      buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
      registers,
    }),
    storageFailures: new Counter({
      name: 'rendermill_storage_failures_total',
      help: 'Requests to the store that failed, by fault: denied, unavailable, mismatch. Paid results wait in the spool meanwhile.',
      labelNames: ['operation', 'fault'],
      registers,
    }),
  };
}

export type StorageMetrics = ReturnType<typeof storageMetrics>;
