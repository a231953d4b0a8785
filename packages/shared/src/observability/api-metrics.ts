import { Counter, Gauge, Histogram } from 'prom-client';
import { newRegistry } from './registry.js';
import { storageMetrics } from './storage-metrics.js';

/** Prometheus metrics of one API process. Names follow Prometheus's rules: base units, `_total` for counters. */
export function createApiMetrics() {
  const registry = newRegistry('api');
  const registers = [registry];
  return {
    registry,
    ...storageMetrics(registry),
    httpRequests: new Histogram({
      name: 'rendermill_http_request_duration_seconds',
      help: 'Time to answer an HTTP request; held calls are held on purpose.',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60, 240],
      registers,
    }),
    heldCalls: new Gauge({
      name: 'rendermill_held_calls',
      help: 'Calls to /v1/images/* that this process holds until their job has ended.',
      registers,
    }),
    heldCallsEnded: new Counter({
      name: 'rendermill_held_calls_ended_total',
      help: 'Held calls by how they ended: rendered, failed (their job did), waiting (the client is asked to come again), broken (the client is gone, Redis is away).',
      labelNames: ['how'],
      registers,
    }),
    uploadsInProgress: new Gauge({
      name: 'rendermill_uploads_in_progress',
      help: 'Requests with a body that are being received or worked on.',
      registers,
    }),
    uploadedFiles: new Counter({
      name: 'rendermill_uploaded_files_total',
      help: 'Files that came with requests: input images, masks, files of /v1/files.',
      registers,
    }),
    uploadedBytes: new Counter({
      name: 'rendermill_uploaded_bytes_total',
      help: 'Bytes of these files.',
      registers,
    }),
  };
}

export type ApiMetrics = ReturnType<typeof createApiMetrics>;
