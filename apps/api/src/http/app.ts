import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import helmet from 'helmet';
import { noLimits } from '@rendermill/shared/domain/api-keys';
import { RendermillError } from '@rendermill/shared/domain/errors';
import { newId } from '@rendermill/shared/domain/ids';
import type { ApiDeps, Caller } from '../deps.js';
import { admit } from './authenticate.js';
import { requireSoundHead } from './check-head.js';
import { serveDashboard } from './dashboard.js';
import { serveDocs } from './docs-page.js';
import { sendError } from './errors.js';
import { parseQuery } from './parse-query.js';
import { idempotencyKey } from './repeat.js';
import { serveQueueBoard } from './queue-board.js';
import { routes } from './routes.js';
import type { Context, Route } from './route.js';
import { projectBySignature } from './signed-link.js';
import { traceRequest } from './trace-request.js';

/** The Express application: what every request goes through, then the routes. */

const nobody: Caller = { project: '', keyId: '', mode: 'live', scopes: [], ...noLimits };

/** A request's id: the client's, where it is one that may stand in logs and headers. */
function requestIdOf(request: Request): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[A-Za-z0-9._-]{1,128}$/.test(given) ? given : newId('req');
}

export function createApp(deps: ApiDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  // Whose address a request comes from: of X-Forwarded-For only what these have written.
  app.set('trust proxy', [...deps.settings.trustedProxies]);
  app.use((request: Request, response: Response, next: NextFunction) => {
    response.locals['requestId'] = requestIdOf(request);
    response.set({ 'x-request-id': String(response.locals['requestId']), 'cache-control': 'no-store' });
    observe(deps, request, response);
    next();
  });
  app.use(traceRequest);
  app.use(helmet());
  app.use((request: Request, _response: Response, next: NextFunction) => {
    requireSoundHead(request);
    next();
  });
  serveDashboard(app, deps);
  serveDocs(app, deps);
  serveQueueBoard(app, deps);
  for (const route of routes) app[route.method](expressPath(route.path), handler(deps, route));
  for (const path of new Set(routes.map((route) => route.path))) app.all(expressPath(path), methodNotAllowed(path));
  app.use((request: Request) => {
    throw new RendermillError(
      'not_found',
      `There is no route ${request.method} ${request.path}; GET /openapi.json lists them.`,
    );
  });
  // Express knows an error handler by its four parameters.
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    sendError(request, response, String(response.locals['requestId']), error, deps.log);
  });
  return app;
}

/** `/v1/jobs/{id}` as Express writes it. */
function expressPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

async function callerOf(deps: ApiDeps, route: Route, request: Request, response: Response): Promise<Caller> {
  if (route.access === 'open') return nobody;
  const project = route.signed ? projectBySignature(deps, request) : null;
  return project === null ? admit(deps, request, response, route.access) : { ...nobody, project };
}

function handler(deps: ApiDeps, route: Route) {
  return async (request: Request, response: Response): Promise<void> => {
    response.locals['route'] = route.path;
    const gone = new AbortController();
    response.on('close', () => {
      if (!response.writableFinished) gone.abort();
    });
    const caller = await callerOf(deps, route, request, response);
    response.locals['caller'] = caller;
    if (route.method === 'post') idempotencyKey(request);
    const context: Context = {
      deps,
      route,
      request,
      response,
      requestId: String(response.locals['requestId']),
      caller,
      query: parseQuery(route, request),
      params: request.params as Record<string, string>,
      gone: gone.signal,
    };
    await route.handle(context);
  };
}

function methodNotAllowed(path: string) {
  const methods = routes.filter((route) => route.path === path).map((route) => route.method.toUpperCase());
  return (request: Request, response: Response): void => {
    response.set('allow', methods.join(', '));
    throw new RendermillError(
      'method_not_allowed',
      `${request.path} takes ${methods.join(' and ')}, not ${request.method}.`,
    );
  };
}

/** One wide line and one measurement per request. Queries stay out: they may be signatures. */
function observe(deps: ApiDeps, request: Request, response: Response): void {
  const startedAt = performance.now();
  response.on('close', () => {
    const seconds = (performance.now() - startedAt) / 1_000;
    const route = String(response.locals['route'] ?? 'none');
    deps.metrics.httpRequests.observe({ method: request.method, route, status: response.statusCode }, seconds);
    const level = route === '/healthz' || route === '/readyz' || route === '/metrics' ? 'debug' : 'info';
    deps.log[level](
      {
        request_id: response.locals['requestId'],
        method: request.method,
        path: request.path,
        route,
        status: response.statusCode,
        ...whoAsked(response.locals['caller'] as Caller | undefined),
        address: request.ip,
        job: response.get('x-rendermill-job'),
        bytes_in: declaredBytes(request),
        duration_ms: Math.round(seconds * 1_000),
        ...(response.writableFinished ? {} : { aborted: true }),
      },
      'request.answered',
    );
  });
}

/** Absent for open routes, and where nobody was let in. */
function whoAsked(caller: Caller | undefined): { readonly project?: string; readonly key?: string } {
  if (!caller || caller.project === '') return {};
  return { project: caller.project, ...(caller.keyId === '' ? {} : { key: caller.keyId }) };
}

/** As the client says; absent for a body in chunks. */
function declaredBytes({ headers }: Request): number | undefined {
  return headers['content-length'] === undefined ? undefined : Number(headers['content-length']);
}
