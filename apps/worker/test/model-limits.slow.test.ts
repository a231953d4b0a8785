import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

/** Limits and purses of one model: the account's other models go on. The provider's own books are the judge. */

const submit = async (world: World, model: string, times: number): Promise<string[]> => {
  const jobs = Array.from({ length: times }, async (_, i) => world.submit({ model, prompt: `${model} ${i}` }));
  return (await Promise.all(jobs)).map(({ id }) => id);
};
const ended = async (world: World, ids: readonly string[]): Promise<PresentedJob[]> =>
  Promise.all(ids.map(async (id) => world.ended(id)));
const completed = async (world: World): Promise<number> =>
  (await world.call<{ data: unknown[] }>('GET', '/v1/jobs?status=completed')).body.data.length;
const callsOf = async (world: World, model: string): Promise<number> =>
  (await world.simulator.ledger()).filter((entry) => entry.model === model).length;
interface Row {
  model: string;
  limits: { requests_per_minute: number | null };
  in_use: { requests_last_minute: number | null };
  parked: { reason: string } | null;
}
const rows = async (world: World): Promise<Row[]> =>
  (await world.call<{ data: { per_model: Row[] }[] }>('GET', '/v1/providers')).body.data[0]?.per_model ?? [];

describe('a model that is configured for two requests a minute', () => {
  let world: World;
  beforeAll(async () => {
    const per_model = { 'gpt-image-1.5': { requests_per_minute: 2, images_per_minute: 3 } };
    world = await createWorld({ account: { limits: { concurrency: 10, per_model } } });
    await world.startWorker();
  });
  afterAll(async () => world.close());

  test('gets two; its third job waits, and those of another model do not wait behind it', async () => {
    const limited = await submit(world, 'gpt-image-1.5', 3);
    const free = await submit(world, 'gpt-image-1', 4);
    expect((await ended(world, free)).map(({ status }) => status)).toEqual(free.map(() => 'completed'));
    await until(async () => (await completed(world)) === 6);
    expect([await callsOf(world, 'gpt-image-1.5'), await callsOf(world, 'gpt-image-1')]).toEqual([2, 4]);
    const jobs = await Promise.all(limited.map(async (id) => world.call<PresentedJob>('GET', `/v1/jobs/${id}`)));
    const waiting = jobs.filter(({ body }) => body.status === 'queued');
    expect(waiting.map(({ body }) => body.attempts)).toEqual([[]]);
    expect(await rows(world)).toMatchObject([
      { model: 'gpt-image-1.5', limits: { requests_per_minute: 2 }, in_use: { requests_last_minute: 2 } },
    ]);
  });
});

test('a provider that counts each model by itself is asked by each as often as its answers tell, without one 429', async () => {
  const world = await createWorld({
    simulator: ['--rpm', '3', '--per-model'],
    account: { limits: { concurrency: 1 } },
  });
  await submit(world, 'gpt-image-1', 5);
  await submit(world, 'gpt-image-2', 5);
  await until(async () => (await completed(world)) === 6);
  expect([await callsOf(world, 'gpt-image-1'), await callsOf(world, 'gpt-image-2')]).toEqual([3, 3]);
  expect((await world.simulator.stats()).rejected_429).toBe(0);
  await world.close();
});

test('a 429 about one model pauses it; jobs of another are served meanwhile', async () => {
  const world = await createWorld();
  const when = { model: 'gpt-image-1' };
  await world.simulator.faults([{ when, times: 1, fault: { kind: 'rate_limited', retryAfterMs: 600_000 } }]);
  const [paused = ''] = await submit(world, 'gpt-image-1', 1);
  await until(async () => (await rows(world)).length === 1);
  const others = await submit(world, 'gpt-image-2', 3);
  expect((await ended(world, others)).map(({ status }) => status)).toEqual(others.map(() => 'completed'));
  expect((await world.call<PresentedJob>('GET', `/v1/jobs/${paused}`)).body.status).toBe('queued');
  await world.close();
});

test('a purse that is empty for one model parks it; jobs of another are served meanwhile', async () => {
  const world = await createWorld({ account: { preset: 'apiyi', limits: { per_model: { 'gpt-image-1': {} } } } });
  const message = '模型 gpt-image-1 额度不足';
  const fault = { kind: 'ok_with_error', code: 'insufficient_user_quota', message, charge: false } as const;
  await world.simulator.faults([{ when: { model: 'gpt-image-1' }, times: 1, fault }]);
  const [first = ''] = await submit(world, 'gpt-image-1', 1);
  expect((await world.ended(first)).error?.code).toBe('provider_quota_exhausted');
  const [waiting = ''] = await submit(world, 'gpt-image-1', 1);
  const others = await submit(world, 'gpt-image-2', 2);
  expect((await ended(world, others)).map(({ status }) => status)).toEqual(others.map(() => 'completed'));
  expect((await rows(world))[0]?.parked?.reason).toContain(message);
  expect(world.logs.find(({ event }) => event === 'account.parked')).toMatchObject({ model: 'gpt-image-1' });
  expect((await world.call<PresentedJob>('GET', `/v1/jobs/${waiting}`)).body).toMatchObject({
    status: 'queued',
    attempts: [],
  });
  expect(await callsOf(world, 'gpt-image-1')).toBe(1);
  await world.close();
});
