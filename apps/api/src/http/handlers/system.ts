import { z } from 'zod';
import { asError } from '@rendermill/shared/domain/errors';
import { scrubUrls } from '@rendermill/shared/observability/log';
import type { Storage } from '@rendermill/shared/ports/storage';
import { sendJson, type Context, type Route } from '../route.js';
import { readiness } from '../schemas.js';

/** Whether it lives, whether it can work, and what it counts. */

type Check = { readonly status: 'up' } | { readonly status: 'down'; readonly message: string };

async function check(work: () => Promise<unknown>): Promise<Check> {
  const timeout = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error('no answer within 3 s')), 3_000).unref();
  });
  try {
    await Promise.race([work(), timeout]);
    return { status: 'up' };
  } catch (error) {
    return { status: 'down', message: scrubUrls(asError(error).message) };
  }
}

/** The store is written to for this, so probes of every second share one look. */
const lookEveryMs = 5_000;
const lastLook = new WeakMap<Storage, { readonly at: number; readonly check: Promise<Check> }>();

async function checkStorage(storage: Storage): Promise<Check> {
  const last = lastLook.get(storage);
  if (last && Date.now() - last.at < lookEveryMs) return last.check;
  const look = { at: Date.now(), check: check(async () => storage.check()) };
  lastLook.set(storage, look);
  return look.check;
}

async function ready({ deps, response }: Context): Promise<void> {
  const [redis, storage] = await Promise.all([check(async () => deps.pingRedis()), checkStorage(deps.storage)]);
  const up = redis.status === 'up' && storage.status === 'up';
  if (!up) response.set('retry-after', '2');
  sendJson(response, up ? 200 : 503, { status: up ? 'ready' : 'not_ready', dependencies: { redis, storage } });
}

const tag = 'System';

export const systemRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/healthz',
    operationId: 'getHealth',
    access: 'open',
    summary: 'Alive.',
    tag,
    answers: { 200: { description: 'It is.', schema: z.object({ status: z.literal('ok') }) } },
    handle: async ({ response }) => sendJson(response, 200, { status: 'ok' }),
  },
  {
    method: 'get',
    path: '/readyz',
    operationId: 'getReadiness',
    access: 'open',
    summary: 'Able to work: each dependency by name.',
    tag,
    answers: {
      200: { description: 'Ready.', schema: readiness },
      503: { description: 'A dependency is down.', schema: readiness },
    },
    handle: ready,
  },
  {
    method: 'get',
    path: '/metrics',
    operationId: 'getMetrics',
    access: 'operator',
    summary: 'Prometheus metrics of this process and, from one API process at a time, of the installation.',
    tag,
    answers: { 200: { description: 'Text format.', contentType: 'text/plain' } },
    handle: async ({ deps, response }) => {
      const { registry } = deps.metrics;
      const [own, installation] = await Promise.all([registry.metrics(), deps.installationMetrics()]);
      response.set('content-type', registry.contentType).send(own + installation);
    },
  },
];
