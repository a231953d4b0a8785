import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Lifecycle } from '@rendermill/shared/observability/lifecycle';
import type { Metrics } from '@rendermill/shared/observability/metrics';

/** A worker's /healthz and /metrics, on loopback, for probes and Prometheus. Answers the port. */
export async function serveMetrics(port: number, metrics: Metrics, lifecycle: Lifecycle): Promise<number> {
  const server = createServer((request, response) => {
    if (request.url === '/healthz') {
      response.end('ok\n');
      return;
    }
    if (request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    metrics.registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': metrics.registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  lifecycle.onClose('metrics', () => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}
