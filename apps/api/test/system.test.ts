import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { redisOptions } from '@rendermill/shared/adapters/redis/connect';
import { FaultProxy } from '@rendermill/shared/testing/fault-proxy';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

interface Failure {
  error: { message: string; type: string; param: string | null; code: string };
}

let world: World;
beforeAll(async () => {
  world = await createWorld({ worker: false });
});
afterAll(async () => world.close());

/** An answer that nobody reads would keep its connection. */
async function statusOf(url: string, method = 'GET'): Promise<number> {
  const response = await fetch(url, { method });
  await response.arrayBuffer();
  return response.status;
}

describe('the API', () => {
  test('is alive and ready, and needs no key for saying so', async () => {
    expect(await (await fetch(`${world.url}/healthz`)).json()).toEqual({ status: 'ok' });
    expect(await (await fetch(`${world.url}/readyz`)).json()).toEqual({
      status: 'ready',
      dependencies: { redis: { status: 'up' }, storage: { status: 'up' } },
    });
  });

  test('answers every error as the four keys, and as a problem where the client asks for one', async () => {
    const plain = await world.call<Failure>('GET', '/v1/nowhere');
    expect([plain.status, Object.keys(plain.body.error).sort()]).toEqual([404, ['code', 'message', 'param', 'type']]);
    const problem = await world.call<Record<string, unknown>>('GET', '/v1/nowhere', undefined, {
      accept: 'application/problem+json',
    });
    expect(problem.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(problem.body).toMatchObject({ type: 'about:blank', title: 'not_found', status: 404, code: 'not_found' });
  });

  test('keeps a decent request id, and makes one in the place of another', async () => {
    expect(
      (await world.call('GET', '/v1/models', undefined, { 'x-request-id': 'my-id.1' })).headers.get('x-request-id'),
    ).toBe('my-id.1');
    expect(
      (await world.call('GET', '/v1/models', undefined, { 'x-request-id': 'no good' })).headers.get('x-request-id'),
    ).toMatch(/^req_/);
  });

  test.each([
    ['no key', 'missing_api_key', {}],
    ['another scheme', 'invalid_api_key', { authorization: 'Basic Zm9v' }],
    ['an empty key', 'invalid_api_key', { authorization: 'Bearer ' }],
    ['an unknown key', 'invalid_api_key', { authorization: 'Bearer rm_live_0000000000000000000000000000' }],
    ['10 kB of key', 'invalid_api_key', { authorization: `Bearer ${'x'.repeat(10_000)}` }],
  ])('with %s is 401 %s', async (_what, code, headers) => {
    const response = await fetch(`${world.url}/v1/jobs`, { headers });
    expect([response.status, ((await response.json()) as Failure).error.code]).toEqual([401, code]);
  });

  test('names the methods of a route that has others', async () => {
    const { status, headers, body } = await world.call<Failure>('DELETE', '/v1/jobs');
    expect([status, headers.get('allow'), body.error.code]).toEqual([405, 'POST, GET', 'method_not_allowed']);
    expect((await world.call('GET', '/v1/images/generations')).status).toBe(405);
  });

  test('counts what it does', async () => {
    const { body } = await world.call<string>('GET', '/metrics');
    expect(body).toContain('rendermill_http_request_duration_seconds_count');
    expect(await statusOf(`${world.url}/metrics`)).toBe(401);
  });
});

describe('/openapi.json', () => {
  interface Document {
    openapi: string;
    paths: Record<
      string,
      Record<string, { operationId: string; responses: Record<string, unknown>; security?: unknown[] }>
    >;
  }
  let document: Document;
  beforeAll(async () => {
    document = (await (await fetch(`${world.url}/openapi.json`)).json()) as Document;
  });

  test('describes every route once, each with its answers and the error', () => {
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    expect(document.openapi).toBe('3.1.0');
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    for (const operation of operations) expect(Object.keys(operation.responses)).toContain('default');
  });

  test('says of each route truly whether it needs a key', async () => {
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, { security }] of Object.entries(methods)) {
        const url = world.url + path.replaceAll(/\{\w+\}/g, 'x');
        const status = await statusOf(url, method.toUpperCase());
        if (security === undefined || security.length > 0) expect([path, method, status]).toEqual([path, method, 401]);
        else expect([path, method, status]).toEqual([path, method, 200]);
      }
    }
  });

  test('is shown as a page that loads nothing from elsewhere', async () => {
    const page = await (await fetch(`${world.url}/docs`)).text();
    expect(page).not.toMatch(/https?:\/\//);
    for (const asset of page.matchAll(/(?:src|href)="([^"]+)"/g)) {
      expect(await statusOf(world.url + asset[1])).toBe(200);
    }
  });
});

describe('/v1/models', () => {
  test('lists what the accounts serve, with shutdown dates, and answers for one', async () => {
    const { body } = await world.call<{
      object: string;
      data: { id: string; shutdown_date: string | null; providers: string[] }[];
    }>('GET', '/v1/models');
    expect(body.data.find(({ id }) => id === 'gpt-image-1')).toMatchObject({
      object: 'model',
      shutdown_date: '2026-10-23',
      providers: ['sim'],
    });
    expect((await world.call('GET', '/v1/models/gpt-image-2')).body).toMatchObject({
      id: 'gpt-image-2',
      shutdown_date: null,
    });
    expect((await world.call<Failure>('GET', '/v1/models/gpt-9')).body.error.code).toBe('model_not_found');
  });
});

describe('Redis out of reach', () => {
  let cut: World;
  let proxy: FaultProxy;
  beforeAll(async () => {
    const { path, host, port } = redisOptions(process.env['TEST_REDIS_URL'] ?? '');
    proxy = await FaultProxy.open(path === undefined ? { host: host ?? '127.0.0.1', port: port ?? 6_379 } : { path });
    cut = await createWorld({ worker: false, env: { REDIS_URL: `redis://127.0.0.1:${proxy.port}` } });
  });
  afterAll(async () => {
    await cut.close();
    await proxy.close();
  });

  test('is 503 with Retry-After, never a hang; when it is back a repeat finds the same job', async () => {
    const key = { 'idempotency-key': 'over-the-gap' };
    const before = await cut.call<PresentedJob>('POST', '/v1/jobs', { type: 'generation', prompt: 'gap' }, key);
    await proxy.set({ kind: 'refuse' });
    const during = await cut.call<Failure>('POST', '/v1/jobs', { type: 'generation', prompt: 'gap' }, key);
    expect([during.status, during.body.error.code]).toEqual([503, 'redis_unavailable']);
    expect(Number(during.headers.get('retry-after'))).toBeGreaterThan(0);
    const ready = await cut.call<{ dependencies: { redis: { status: string } } }>('GET', '/readyz');
    expect(ready.body.dependencies.redis.status).toBe('down');
    expect((await cut.call('GET', '/healthz')).status).toBe(200);
    await proxy.set({ kind: 'none' });
    await until(async () => (await cut.call('GET', '/readyz')).status === 200);
    const after = await cut.call<PresentedJob>('POST', '/v1/jobs', { type: 'generation', prompt: 'gap' }, key);
    expect([after.status, after.body.id]).toEqual([202, before.body.id]);
  });

  test('does not keep the API from ending', async () => {
    const { path, host, port } = redisOptions(process.env['TEST_REDIS_URL'] ?? '');
    const own = await FaultProxy.open(
      path === undefined ? { host: host ?? '127.0.0.1', port: port ?? 6_379 } : { path },
    );
    const ending = await createWorld({ worker: false, env: { REDIS_URL: `redis://127.0.0.1:${own.port}` } });
    await ending.call('POST', '/v1/jobs', { type: 'generation', prompt: 'the last' });
    await own.set({ kind: 'refuse' });
    await ending.close();
    await own.close();
  });
});
