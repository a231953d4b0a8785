import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { lines, type BatchAnswer, type Refusal } from '../../../test/batch-calls.js';
import { makeKey, type MadeKey } from '../../../test/keys.js';
import { startApp, type AppProcess } from '../../../test/processes.js';
import { createWorld, type Answer, type World } from '../../../test/world.js';

/** Limits of images by API key, over two API processes: `idle` has no worker, so that its jobs stay under way. */

let idle: World;
let other: AppProcess;
let world: World;
beforeAll(async () => {
  [idle, world] = await Promise.all([createWorld({ worker: false }), createWorld()]);
  other = await startApp('api', idle.env);
});
afterAll(async () => {
  await other.kill('SIGTERM');
  await Promise.all([idle.close(), world.close()]);
});

type Limits = { images_per_minute?: number; images_under_way?: number };
const buyer = async (of: World, limits: Limits): Promise<MadeKey> =>
  makeKey(of, { project: 'images', scopes: ['jobs:write', 'jobs:read', 'batches', 'files'], ...limits });
const order = { type: 'generation', model: 'gpt-image-1', prompt: 'counted' };
const ask = async ({ call }: MadeKey, n: number, headers = {}): Promise<Answer<PresentedJob & Refusal>> =>
  call('POST', '/v1/jobs', { ...order, n }, headers);

/** So many orders of one image each, side by side, at the two processes in turn. */
async function rush({ key }: MadeKey, times: number): Promise<number[]> {
  return Promise.all(
    Array.from({ length: times }, async (_, i) => {
      const answer = await fetch(`${i % 2 === 0 ? idle.url : other.url}/v1/jobs`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ ...order, prompt: `rush ${i}` }),
      });
      await answer.arrayBuffer();
      return answer.status;
    }),
  );
}
const taken = (statuses: readonly number[]): number => statuses.filter((status) => status === 202).length;

describe('images_per_minute', () => {
  test('counts an order’s images, says what is left, and refuses what is beyond with when to come back', async () => {
    const key = await buyer(idle, { images_per_minute: 5 });
    const first = await ask(key, 3);
    expect(first.status).toBe(202);
    expect(first.headers.get('ratelimit-policy')).toBe('"requests";q=3000;w=60, "images";q=5;w=60');
    expect(first.headers.get('ratelimit')).toMatch(/^"requests";r=2999;t=\d+, "images";r=2;t=\d+$/);
    const over = await ask(key, 3);
    expect([over.status, over.body.error.code]).toEqual([429, 'rate_limit_exceeded']);
    expect(over.headers.get('ratelimit')).toMatch(/"images";r=2;t=\d+$/);
    const [seconds, wait] = [
      /"images";r=2;t=(\d+)/.exec(over.headers.get('ratelimit') ?? '')?.[1],
      over.headers.get('retry-after'),
    ];
    // The header is written after the refusal: never does it promise an earlier time.
    expect(Number(seconds)).toBeLessThanOrEqual(Number(wait));
    // What was refused has taken nothing: two still fit.
    expect((await ask(key, 2)).status).toBe(202);
    expect((await key.call('GET', '/v1/jobs')).headers.get('ratelimit')).toMatch(/"images";r=0;t=\d+$/);
  });

  test('is not overrun by orders that come at once to two processes', async () => {
    expect(taken(await rush(await buyer(idle, { images_per_minute: 7 }), 24))).toBe(7);
  });

  test('counts nothing of a repeat, of an order that is refused, and of a batch', async () => {
    const key = await buyer(idle, { images_per_minute: 2 });
    const once = { 'idempotency-key': 'two' };
    const made = await ask(key, 2, once);
    expect([made.status, (await ask(key, 2, once)).body.id]).toEqual([202, made.body.id]);
    const fresh = await buyer(idle, { images_per_minute: 2 });
    for (const n of [3, 11]) {
      const { status, body } = await ask(fresh, n);
      expect([status, body.error]).toMatchObject([400, { code: 'invalid_parameter', param: 'n' }]);
    }
    expect((await fresh.call('POST', '/v1/jobs', { ...order, model: 'none' })).status).not.toBe(202);
    const batch = await fresh.call<BatchAnswer>('POST', '/v1/batches', { requests: lines(4, 'not counted') });
    expect([batch.status, (await ask(fresh, 2)).status]).toEqual([200, 202]);
  });

  test('of a held call is an SDK’s 429', async () => {
    const key = await buyer(world, { images_per_minute: 1 });
    const held = async () =>
      key.call<Refusal>('POST', '/v1/images/generations', { prompt: 'held', model: order.model });
    const first = await held();
    expect([first.status, first.headers.get('ratelimit')]).toEqual([200, expect.stringContaining('"images";r=0')]);
    const second = await held();
    expect([second.status, second.body.error.code]).toEqual([429, 'rate_limit_exceeded']);
    expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});

describe('images_under_way', () => {
  test('is not overrun by orders that come at once, and a cancelled one makes room', async () => {
    const key = await buyer(idle, { images_under_way: 4 });
    expect(taken(await rush(key, 20))).toBe(4);
    const full = await ask(key, 1);
    expect([full.status, full.body.error.code]).toEqual([429, 'rate_limit_exceeded']);
    expect(full.headers.get('ratelimit-policy')).toBe('"requests";q=3000;w=60, "images-under-way";q=4');
    expect(full.headers.get('ratelimit')).toMatch(/"images-under-way";r=0$/);
    expect(Number(full.headers.get('retry-after'))).toBeGreaterThan(0);
    const { body } = await key.call<{ data: PresentedJob[] }>('GET', '/v1/jobs?status=queued');
    for (const { id } of body.data.slice(0, 2)) await key.call('POST', `/v1/jobs/${id}/cancel`);
    expect([(await ask(key, 3)).status, (await ask(key, 2)).status]).toEqual([429, 202]);
  });

  test('is free again when jobs have ended, however they did; a retry takes its share', async () => {
    const key = await buyer(world, { images_under_way: 2 });
    const ended = async (body: object): Promise<PresentedJob> => {
      const { body: job } = await key.call<PresentedJob>('POST', '/v1/jobs', { ...order, n: 2, ...body });
      return (await key.call<PresentedJob>('GET', `/v1/jobs/${job.id}?wait=60`)).body;
    };
    await world.simulator.faults([{ when: { promptIncludes: 'refuse' }, fault: { kind: 'moderation_blocked' } }]);
    const failed = await ended({ prompt: 'refuse' });
    expect(failed.status).toBe('failed');
    expect((await ended({ prompt: 'fine' })).status).toBe('completed');
    const retry = async () => key.call<Refusal>('POST', `/v1/jobs/${failed.id}/retry`);
    await world.simulator.faults([]);
    expect((await retry()).status).toBe(202);
    await key.call('GET', `/v1/jobs/${failed.id}?wait=60`);
    const counter = `${world.prefix}api-key:${key.id}:under-way`;
    expect(await world.redis.exists(counter)).toBe(0);
  });

  test('refuses a retry that has no room', async () => {
    const key = await buyer(idle, { images_under_way: 1 });
    const first = await ask(key, 1);
    await key.call('POST', `/v1/jobs/${first.body.id}/cancel`);
    const second = await ask(key, 1);
    const retry = async () => key.call<Refusal>('POST', `/v1/jobs/${first.body.id}/retry`);
    const refused = await retry();
    expect([refused.status, refused.body.error?.code]).toEqual([429, 'rate_limit_exceeded']);
    await key.call('POST', `/v1/jobs/${second.body.id}/cancel`);
    expect((await retry()).status).toBe(202);
  });
});

test.each(['images_per_minute', 'images_under_way'])('%s of a key that makes keys is refused', async (limit) => {
  const body = { name: 'x', project: 'images', mode: 'live', scopes: ['admin'], [limit]: 5 };
  const { status, body: answer } = await idle.call<Refusal>('POST', '/v1/api_keys', body);
  expect([status, answer.error.param]).toEqual([400, limit]);
});
