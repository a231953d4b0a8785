import type { NextFunction, Request, Response } from 'express';
import { beginServerSpan } from '@rendermill/shared/observability/tracing';

/** What probes and Prometheus ask every few seconds is in nobody's way. */
const untraced = new Set(['/healthz', '/readyz', '/metrics']);

/** Runs the rest of a request inside a span that continues the client's trace, where it sends one. */
export function traceRequest(request: Request, response: Response, next: NextFunction): void {
  if (untraced.has(request.path)) {
    next();
    return;
  }
  const { method, path, headers } = request;
  const span = beginServerSpan(method, headers, { 'http.request.method': method, 'url.path': path });
  response.on('close', () => {
    const route = response.locals['route'] as string | undefined;
    const job = response.get('x-rendermill-job');
    span.end(route === undefined ? method : `${method} ${route}`, response.statusCode, {
      ...(route === undefined ? {} : { 'http.route': route }),
      ...(job === undefined ? {} : { 'rendermill.job.id': job }),
      'rendermill.request_id': String(response.locals['requestId']),
    });
  });
  span.run(next);
}
