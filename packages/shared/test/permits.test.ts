import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Account } from '@rendermill/shared/domain/accounts';
import { presets } from '@rendermill/shared/domain/presets/index';
import type { AccountLimits } from '@rendermill/shared/domain/presets/preset';
import { Permits, type Permit } from '@rendermill/shared/adapters/redis/permits';
import { openRedis, type RedisWorld } from '../../../test/redis.js';

let world: RedisWorld;
let permits: Permits;
beforeAll(() => {
  world = openRedis();
  permits = new Permits(world.scripts);
});
afterAll(async () => world.close());

let accounts = 0;
function account(limits: Partial<AccountLimits>, more: Partial<Account> = {}): Account {
  const preset = presets.openai;
  return {
    id: `account-${accounts++}`,
    preset,
    baseUrl: '',
    apiKey: '',
    models: 'any',
    limits: { ...preset.limits, ...limits },
    modes: ['live'],
    priority: 0,
    weight: 1,
    timeoutMs: 1,
    prices: null,
    usdRate: 1,
    ...more,
  };
}
const take = async (of: readonly Account[], images = 1): Promise<Permit> => {
  const permit = await permits.acquire(of, images);
  if ('waitMs' in permit) throw new Error(`no permit: wait ${permit.waitMs}`);
  return permit;
};
const waitFor = async (of: readonly Account[], images = 1): Promise<number | null> => {
  const permit = await permits.acquire(of, images);
  return 'waitMs' in permit ? permit.waitMs : 0;
};

describe('a permit', () => {
  test('is given as often as calls may run at once; the next waits for one to come back', async () => {
    const one = account({ concurrency: 2 });
    const first = await take([one]);
    await take([one]);
    expect(await waitFor([one])).toBeNull();
    await permits.release(first, 'used');
    expect(await waitFor([one])).toBe(0);
  });

  test('counts in the minute when it was used, and not when it was not', async () => {
    const one = account({ concurrency: 9, requests_per_minute: 2 });
    await permits.release(await take([one]), 'unused');
    await permits.release(await take([one]), 'used');
    await permits.release(await take([one]), 'used');
    const wait = await waitFor([one]);
    expect(wait).toBeGreaterThan(58_000);
    expect(wait).toBeLessThanOrEqual(60_060);
  });

  test('weighs as much as its images where images are limited', async () => {
    const one = account({ concurrency: 9, images_per_minute: 5 });
    await permits.release(await take([one], 3), 'used');
    expect(await waitFor([one], 3)).toBeGreaterThan(50_000);
    expect(await waitFor([one], 2)).toBe(0);
  });

  test('is not given when the day or the month is used up', async () => {
    const day = account({ concurrency: 9, requests_per_day: 1 });
    await permits.release(await take([day]), 'used');
    expect(await waitFor([day])).toBeGreaterThan(0);
    const month = account({ concurrency: 9, images_per_month: 4 });
    await permits.release(await take([month], 3), 'used');
    expect(await waitFor([month], 2)).toBeGreaterThan(0);
    expect(await waitFor([month], 1)).toBe(0);
    const keys = await world.redis.keys(`*${month.id}:month:*`);
    expect(keys[0]).toMatch(new RegExp(`:month:${new Date().toISOString().slice(0, 7).replace('-', '')}$`));
  });

  test('that was not used is given back to the day and month in which it was taken', async () => {
    const one = account({ concurrency: 9, requests_per_day: 9, images_per_month: 9 });
    const permit = await take([one], 3);
    const counter = (name: string) => world.scripts.key('account', one.id, name);
    const today = [counter(`day:${permit.day}`), counter(`month:${permit.month}`)];
    expect(await world.redis.mget(...today)).toEqual(['1', '3']);
    // As if midnight and the month's end had passed since.
    const then = [counter(`day:${permit.day - 1}`), counter('month:200001')];
    await world.redis.mset(then[0] ?? '', 1, then[1] ?? '', 3);
    await permits.release({ ...permit, day: permit.day - 1, month: '200001' }, 'unused');
    expect(await world.redis.mget(...today, ...then)).toEqual(['1', '3', '0', '0']);
  });

  test('for more images than a minute may see is given alone, and once a minute', async () => {
    const one = account({ concurrency: 9, images_per_minute: 2 });
    await permits.release(await take([one], 5), 'used');
    expect(await waitFor([one], 5)).toBeGreaterThan(50_000);
    expect(await waitFor([one], 5)).toBeLessThanOrEqual(60_060);
  });

  test('whose call is sent late counts from then; one that is too old is good for nothing', async () => {
    const one = account({ concurrency: 9, requests_per_minute: 1 });
    const permit = await take([one]);
    const log = world.scripts.key('account', one.id, 'requests');
    const sentAt = Date.now() - 30_000;
    await world.scripts.client.zadd(log, sentAt, permit.id);
    expect(await waitFor([one])).toBeLessThan(31_000);
    expect(await permits.stamp(permit, one)).toBe(true);
    expect(await waitFor([one])).toBeGreaterThan(59_000);
    await world.scripts.client.zadd(log, sentAt - 60_000, permit.id);
    expect(await permits.stamp(permit, one)).toBe(false);
    const free = account({ concurrency: 1 });
    expect(await permits.stamp(await take([free]), free)).toBe(true);
  });

  test('is not given while its account rests; a shorter rest does not end a longer one', async () => {
    const one = account({});
    await permits.cool(one.id, 5_000);
    await permits.cool(one.id, 10);
    expect(await waitFor([one])).toBeGreaterThan(4_000);
    await permits.cool(one.id, 9_000);
    expect(await waitFor([one])).toBeGreaterThan(8_000);
  });
});

describe('among several accounts', () => {
  test('the one of the best priority is asked first, the next when it is full', async () => {
    const [best, next] = [account({ concurrency: 1 }), account({ concurrency: 1 }, { priority: 1 })];
    expect((await take([next, best])).account).toBe(best.id);
    expect((await take([next, best])).account).toBe(next.id);
  });

  test('of one priority share by weight', async () => {
    const [light, heavy] = [account({ concurrency: 30 }), account({ concurrency: 30 }, { weight: 2 })];
    const taken = [];
    for (let i = 0; i < 30; i++) taken.push((await take([light, heavy])).account);
    expect(taken.filter((id) => id === heavy.id)).toHaveLength(20);
  });

  test('the shortest wait is told where none is free', async () => {
    const [slow, quick] = [account({}), account({})];
    await permits.cool(slow.id, 60_000);
    await permits.cool(quick.id, 2_000);
    expect(await waitFor([slow, quick])).toBeLessThanOrEqual(2_000);
  });
});
