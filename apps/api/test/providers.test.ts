import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { z } from 'zod';
import type { providerObject } from '../src/http/provider-schema.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

/** How the accounts stand, while calls hang at the provider and after they failed. */

type Provider = z.output<typeof providerObject>;

let world: World;
beforeAll(async () => {
  world = await createWorld({ account: { limits: { concurrency: 2, requests_per_minute: 50, images_per_month: 40 } } });
});
afterAll(async () => world.close());

const read = async (): Promise<Provider> => {
  const { body } = await world.call<{ data: Provider[] }>('GET', '/v1/providers');
  expect(body.data).toHaveLength(1);
  return body.data[0] as Provider;
};
const low = { size: '1024x1024', quality: 'low', on_unknown_outcome: 'fail' };

test('an account is shown by its host and limits, without its key; the simulator serves test keys only', async () => {
  const answer = await world.call('GET', '/v1/providers');
  expect(JSON.stringify(answer.body)).not.toContain('sk-test');
  const provider = await read();
  expect(provider).toMatchObject({
    id: 'sim',
    preset: 'openai',
    name: 'OpenAI',
    base_url_host: new URL(world.simulator.url).host,
    operations: ['generation', 'edit'],
    limits: { concurrency: 2, requests_per_minute: 50, requests_per_day: null, images_per_month: 40 },
    in_use: { calls: 0, requests_last_minute: 0, requests_today: null, images_last_minute: null, images_this_month: 0 },
    waiting_jobs: 0,
    cooldown_seconds: null,
    circuit: 'closed',
    parked: null,
    spend_today: { billed: { cost: 0, unpriced: 0 }, unknown: { cost: 0, unpriced: 0 } },
    last_error: null,
  });
  expect(provider.models).toContain('gpt-image-1');
});

test('calls in flight hold permits and count in the windows; what has no permit waits', async () => {
  await world.simulator.faults([{ times: 2, fault: { kind: 'hang_before_headers' } }]);
  const jobs = await Promise.all([1, 2, 3].map(async (i) => world.submit({ ...low, prompt: `held ${i}` })));
  await until(async () => (await world.simulator.stats()).held === 2);
  expect(await read()).toMatchObject({
    in_use: { calls: 2, requests_last_minute: 2, images_this_month: 2 },
    waiting_jobs: 1,
  });
  await world.simulator.release();
  await Promise.all(jobs.map(async ({ id }) => world.ended(id)));
  expect(await read()).toMatchObject({ in_use: { calls: 0, images_this_month: 3 }, waiting_jobs: 0 });
});

test('what today cost is known apart from what it may have cost', async () => {
  const before = (await read()).spend_today;
  await world.simulator.faults([{ fault: { kind: 'html_504' } }]);
  await world.ended((await world.submit(low)).id);
  await world.simulator.faults([]);
  const unpriced = { prompt: 'no price', model: 'dall-e-2', size: '256x256' };
  await world.ended((await world.submit(unpriced)).id);
  const { billed, unknown } = (await read()).spend_today;
  expect(billed).toEqual({ cost: before.billed.cost, unpriced: 1 });
  expect(unknown).toEqual({ cost: 0.010_925, unpriced: 0 });
  const total = (await world.call<{ total: { cost: { total: number } } }>('GET', '/v1/usage')).body.total;
  expect(billed.cost).toBe(total.cost.total);
});

test('its last error is told, but not what a request had itself to blame for', async () => {
  expect((await read()).last_error).toMatchObject({ code: 'outcome_unknown', http_status: 504 });
  await world.simulator.faults([{ fault: { kind: 'moderation_blocked' } }]);
  await world.ended((await world.submit(low)).id);
  expect((await read()).last_error).toMatchObject({ code: 'outcome_unknown', http_status: 504 });
});

test('a key that the provider repeats in its error gets nowhere', async () => {
  const message = 'Invalid token sk-test-0000, see your console';
  await world.simulator.faults([{ fault: { kind: 'ok_with_error', code: 'invalid_value', message } }]);
  const { id } = await world.submit(low);
  const job = await world.ended(id);
  expect(job.error?.message).toContain('Invalid token …, see your console');
  expect(JSON.stringify([job, await read(), world.logs])).not.toContain('sk-test-0000');
  expect(JSON.stringify(await world.redis.hgetall(`${world.prefix}job:${id}`))).not.toContain('sk-test-0000');
});

/** The model that the account counts apart. */
const readModel = async () => (await read()).per_model.find(({ model }) => model === 'gpt-image-1');

test('limits in force of a model are less than the configured ones where the provider has taught it', async () => {
  expect(await readModel()).toBeUndefined();
  await world.simulator.faults([
    { times: 1, fault: { kind: 'hang_before_headers' } },
    { times: 1, fault: { kind: 'rate_limited', retryAfterMs: 100 } },
  ]);
  const jobs = await Promise.all([1, 2].map(async (i) => world.submit({ ...low, prompt: `two at once ${i}` })));
  await until(async () => (await readModel())?.limits.concurrency === 1);
  expect((await readModel())?.configured_limits.concurrency).toBe(2);
  expect((await read()).limits.concurrency).toBe(2);
  await world.simulator.release();
  await Promise.all(jobs.map(async ({ id }) => world.ended(id)));
});

test('a pause that the provider asked for is counted down', async () => {
  await world.simulator.faults([{ times: 1, fault: { kind: 'rate_limited', retryAfterMs: 60_000 } }]);
  const { id } = await world.submit(low);
  await until(async () => typeof (await readModel())?.cooldown_seconds === 'number');
  const provider = await read();
  expect(provider.last_error).toMatchObject({ code: 'provider_unavailable', http_status: 429 });
  expect((await readModel())?.cooldown_seconds).toBeLessThanOrEqual(61);
  expect(provider.cooldown_seconds).toBeNull();
  await world.call('POST', `/v1/jobs/${id}/cancel`);
});

test('an account whose purse is empty is parked, with the reason and until when', async () => {
  await world.redis.del(`${world.prefix}account:sim:model:gpt-image-1:cool`);
  await world.simulator.faults([{ times: 1, fault: { kind: 'insufficient_quota' } }]);
  await world.ended((await world.submit(low)).id);
  const { parked } = await read();
  expect(parked?.reason).toMatch(/^provider_quota_exhausted: /);
  expect((parked?.until ?? 0) - (parked?.since ?? 0)).toBe(60);
});
