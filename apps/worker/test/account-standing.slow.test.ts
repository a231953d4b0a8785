import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

/** What an account's answers tell about it holds for every job and every worker. The providers' own books are the judge. */

const linesOf = (world: World, event: string) => world.logs.filter((line) => line.event === event);

describe('an account whose purse is empty', () => {
  let world: World;
  const submit = async (prompt: string) => (await world.submit({ prompt })).id;
  const restIsOver = async () => world.redis.hset(`${world.prefix}account:sim:park`, 'until', Date.now() - 1);
  beforeAll(async () => {
    world = await createWorld({ account: { limits: { concurrency: 1 } } });
    await world.startWorker();
  });
  afterAll(async () => world.close());

  test('is asked by one job, and by no other while it rests: they wait, and lose no try', async () => {
    await world.simulator.faults([{ times: 2, fault: { kind: 'insufficient_quota' } }]);
    const ids = [await submit('purse 1'), await submit('purse 2'), await submit('purse 3')];
    await until(() => linesOf(world, 'account.parked').length === 1);
    const failed = async () => world.call<{ data: PresentedJob[] }>('GET', '/v1/jobs?status=failed');
    await until(async () => (await failed()).body.data.length === 1);
    expect((await failed()).body.data[0]?.error?.code).toBe('provider_quota_exhausted');
    expect((await world.simulator.stats()).requests).toBe(1);
    const [line] = linesOf(world, 'account.parked');
    expect(line).toMatchObject({ provider: 'sim', rest_ms: 60_000, level: 'warn' });
    // The provider's words are in its books, not in the log.
    expect(line?.['reason']).toBe('provider_quota_exhausted');
    expect(await world.worker?.deps.metrics.registry.metrics()).toMatch(/rendermill_account_changes_total/);

    // Two workers, one trial, refused again: twice the rest, and one job still untouched.
    await restIsOver();
    await until(() => linesOf(world, 'account.parked').length === 2);
    expect(linesOf(world, 'account.parked')[1]).toMatchObject({ rest_ms: 120_000 });
    expect((await world.simulator.stats()).requests).toBe(2);

    await restIsOver();
    await until(() => linesOf(world, 'account.recovered').length === 1);
    const ended = await Promise.all(ids.map(async (id) => world.ended(id)));
    expect(ended.map(({ status }) => status).sort()).toEqual(['completed', 'failed', 'failed']);
    expect(ended.map(({ attempts }) => attempts.length)).toEqual([1, 1, 1]);
    expect([(await world.simulator.stats()).requests, (await world.simulator.stats()).charged]).toEqual([3, 1]);
  });
});

test('an account with a dead key is asked once; every other job goes to the one that works', async () => {
  const world = await createWorld({ others: { second: { priority: 1 } }, account: { limits: { concurrency: 1 } } });
  await world.simulator.faults([{ fault: { kind: 'invalid_api_key' } }]);
  const jobs = await Promise.all([1, 2, 3, 4].map(async (i) => world.submit({ prompt: `key ${i}` })));
  const ended = await Promise.all(jobs.map(async ({ id }) => world.ended(id)));
  expect(ended.map(({ status, provider }) => [status, provider])).toEqual(jobs.map(() => ['completed', 'second']));
  expect((await world.simulator.stats()).requests).toBe(1);
  expect((await world.others['second']?.stats())?.charged).toBe(4);
  await world.close();
});

test('an account that fails again and again is left alone: jobs wait for it without losing a try', async () => {
  const world = await createWorld({ account: { limits: { concurrency: 1 } } });
  await world.startWorker();
  const circuit = `${world.prefix}account:sim:circuit`;
  // As if it had been opened six times before: it rests for a minute.
  await world.redis.hset(circuit, 'step', 6);
  await world.simulator.faults([{ times: 5, fault: { kind: 'server_error' } }]);
  const failing = await Promise.all(Array.from({ length: 5 }, async (_, i) => world.submit({ prompt: `down ${i}` })));
  await until(() => linesOf(world, 'account.circuit_opened').length === 1);
  expect(linesOf(world, 'account.circuit_opened')[0]).toMatchObject({ provider: 'sim', rest_ms: 64_000 });
  const waiting = await Promise.all([1, 2, 3].map(async (i) => world.submit({ prompt: `patient ${i}` })));
  // The five are due again by now, and wait like the new ones.
  await until(async () => (await world.redis.zcard(`${world.prefix}due`)) === 0);
  expect((await world.simulator.stats()).requests).toBe(5);
  await world.redis.hset(circuit, 'until', Date.now() - 1);
  const ended = await Promise.all([...failing, ...waiting].map(async ({ id }) => world.ended(id)));
  expect(ended.map(({ status, attempts }) => [status, attempts.length])).toEqual([
    ...failing.map(() => ['completed', 2]),
    ...waiting.map(() => ['completed', 1]),
  ]);
  expect(linesOf(world, 'account.recovered')).toHaveLength(1);
  expect([(await world.simulator.stats()).requests, (await world.simulator.stats()).charged]).toEqual([13, 8]);
  await world.close();
});

test('an account that cannot be reached is left for one that can: no job fails, each is paid once', async () => {
  const world = await createWorld({
    account: { base_url: 'http://127.0.0.1:9/v1', limits: { concurrency: 2 } },
    others: { second: { priority: 1 } },
  });
  const jobs = await Promise.all(Array.from({ length: 8 }, async (_, i) => world.submit({ prompt: `away ${i}` })));
  const ended = await Promise.all(jobs.map(async ({ id }) => world.ended(id)));
  expect(ended.map(({ status, provider }) => [status, provider])).toEqual(jobs.map(() => ['completed', 'second']));
  expect(linesOf(world, 'account.circuit_opened')[0]).toMatchObject({ provider: 'sim', rest_ms: 1_000 });
  expect((await world.others['second']?.stats())?.charged).toBe(8);
  expect((await world.simulator.stats()).requests).toBe(0);
  await world.close();
});
