import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Lifecycle } from '@rendermill/shared/observability/lifecycle';
import type { Logger } from '@rendermill/shared/observability/log';
import type { WorkerMetrics } from '@rendermill/shared/observability/worker-metrics';

/** A worker's /healthz and /metrics, for probes and Prometheus. Answers the port. */
export async function serveMetrics(
  { host, port }: { readonly host: string; readonly port: number },
  { registry }: Pick<WorkerMetrics, 'registry'>,
  log: Logger,
  lifecycle: Lifecycle,
): Promise<number> {
  const server = createServer((request, response) => {
    if (request.url === '/healthz') {
      response.end('ok\n');
      return;
    }
    if (request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      (error: unknown) => {
        log.warn({ error }, 'metrics.failed');
        response.writeHead(500).end();
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  lifecycle.onClose('metrics', () => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
