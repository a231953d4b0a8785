import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { RendermillError } from '@rendermill/shared/domain/errors';
import type { RoutingClass } from '@rendermill/shared/domain/routing-class';
import { deliveryQueue, prepareQueue, readyQueue, slowDeliveryQueue } from '@rendermill/shared/queues/entries';
import type { ApiDeps } from '../deps.js';
import { admit } from './authenticate.js';
import { loginPage, operatorCookie, withCookie } from './queue-board-login.js';

/**
 * `/admin/queues`: BullMQ's queues as Bull Board shows them, for an operator who looks for a job that does not move. To look
 * at only: what an entry stands for is decided by the ledger, and one that is removed or promoted by hand is put right behind
 * his back. It has no history, for entries leave none.
 */
const path = '/admin/queues';

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

export function serveQueueBoard(app: Express, deps: ApiDeps): void {
  const router = new ExpressAdapter().setBasePath(path);
  const board = createBullBoard({
    queues: [],
    serverAdapter: router,
    options: { uiConfig: { boardTitle: 'Rendermill' } },
  });
  app.use(path, (_request: Request, response: Response, next: NextFunction) => {
    // One label for all that the board asks.
    response.locals['route'] = path;
    response.set('content-security-policy', policy);
    next();
  });
  app.post(`${path}/login`, express.urlencoded({ extended: false, limit: '4kb' }), async (request, response) => {
    const { key } = (request.body ?? {}) as { key?: unknown };
    request.headers.authorization = `Bearer ${typeof key === 'string' ? key.trim() : ''}`;
    try {
      await admit(deps, request, response, 'operator');
    } catch (error) {
      if (!(error instanceof RendermillError)) throw error;
      response.status(error.status).type('html').send(loginPage(error.message));
      return;
    }
    response.set('set-cookie', operatorCookie(String(key).trim(), deps.settings.publicUrl));
    response.redirect(303, path);
  });
  app.use(path, async (request: Request, response: Response, next: NextFunction) => {
    try {
      withCookie(request);
      response.locals['caller'] = await admit(deps, request, response, 'operator');
    } catch (error) {
      const looks = request.method === 'GET' && request.accepts(['json', 'html']) === 'html';
      if (!(error instanceof RendermillError) || !looks) throw error;
      response.status(error.status).type('html').send(loginPage(null));
      return;
    }
    // Whatever Bull Board's own read-only mode may leave open.
    if (request.method !== 'GET' && request.method !== 'HEAD')
      throw new RendermillError('method_not_allowed', 'The queues are to look at only: the ledger decides.');
    board.replaceQueues(await shown(deps));
    next();
  });
  app.use(path, router.getRouter() as express.RequestHandler);
}

async function shown({ queues, classes }: ApiDeps): Promise<BullMQAdapter[]> {
  const one = (name: string, displayName: string): BullMQAdapter =>
    new BullMQAdapter(queues.open(name), { readOnlyMode: true, displayName });
  return [
    one(prepareQueue, 'prepare: inputs to fetch'),
    ...(await classes()).map((routing) => one(readyQueue(routing.id), `ready: ${nameOf(routing)}`)),
    one(deliveryQueue, 'deliveries: webhooks'),
    one(slowDeliveryQueue, 'deliveries-slow: webhooks that fail or take long'),
  ];
}

function nameOf({ accounts, model, images }: RoutingClass): string {
  const what = [model, images > 1 ? `${images} images a call` : null].filter((part) => part !== null).join(', ');
  return `${accounts.join(', ') || 'no account'}${what === '' ? '' : ` (${what})`}`;
}
