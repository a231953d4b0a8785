import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Account } from '@rendermill/shared/domain/accounts';
import type { AccountLimits, Limits } from '@rendermill/shared/domain/presets/preset';
import { noLimits } from '@rendermill/shared/domain/presets/preset';
import { accountState } from '@rendermill/shared/adapters/redis/account-state';
import { booksOf } from '@rendermill/shared/adapters/redis/books';
import { permitLeaseMs, Permits, type Permit } from '@rendermill/shared/adapters/redis/permits';
import { openRedis, type RedisWorld } from '../../../test/redis.js';
import { account, news } from './accounts.js';

/** Limits, pauses and purses of a model, kept beside those of its account. */

let world: RedisWorld;
let permits: Permits;
beforeAll(() => {
  world = openRedis();
  permits = new Permits(world.scripts);
});
afterAll(async () => world.close());

const counting = (limits: Partial<AccountLimits>, perModel: Record<string, Partial<Limits>> = {}): Account => {
  const rows = Object.entries(perModel).map(
    ([model, row]) => [model, { concurrency: 9, ...noLimits, ...row }] as const,
  );
  return account({ concurrency: 9, ...limits, per_model: Object.fromEntries(rows) }, { models: { a: 'a', b: 'b' } });
};
const acquire = async (one: Account, model: string, images = 1) =>
  permits.acquire([{ account: one, rank: 0 }], images, model);
const take = async (one: Account, model: string, images = 1): Promise<Permit> => {
  const permit = await acquire(one, model, images);
  if ('waitMs' in permit) throw new Error(`no permit: wait ${permit.waitMs}`);
  return permit;
};
const waitFor = async (one: Account, model: string, images = 1): Promise<number | null> => {
  const permit = await acquire(one, model, images);
  if ('waitMs' in permit) return permit.waitMs;
  await permits.release(permit);
  return 0;
};
const states = async (one: Account, model: string) =>
  Promise.all(booksOf(one, model).map(async (book) => accountState(world.scripts, book)));

describe('a model with limits of its own', () => {
  test('waits when they are used up; the others go on, as far as the account has room', async () => {
    const one = counting({ requests_per_minute: 3 }, { a: { requests_per_minute: 1, images_per_minute: 4 } });
    await permits.report(await take(one, 'a'), news());
    expect(await waitFor(one, 'a')).toBeGreaterThan(58_000);
    await permits.report(await take(one, 'b'), news());
    await permits.report(await take(one, 'b'), news());
    expect(await waitFor(one, 'b')).toBeGreaterThan(58_000);
  });

  test('is limited by images, calls at once, day and month like an account', async () => {
    const rows = { images_per_minute: 4, concurrency: 2, requests_per_day: 3, images_per_month: 5 };
    for (const [limit, value] of Object.entries(rows)) {
      const one = counting({}, { a: { [limit]: value } });
      const wait = [];
      for (let i = 0; i < 2; i++) {
        await take(one, 'a', 2);
        wait.push(await waitFor(one, 'a', 2));
      }
      const used = await waitFor(one, 'a', 2);
      expect([limit, wait[0], used === 0]).toEqual([limit, 0, limit === 'requests_per_day']);
      expect(await waitFor(one, 'b', 2)).toBe(0);
    }
  });

  test('counts a permit that was not used in neither book', async () => {
    const one = counting({ requests_per_minute: 1 }, { a: { requests_per_minute: 1, burst: 1, requests_per_day: 1 } });
    await permits.release(await take(one, 'a'));
    await permits.release(await take(one, 'a'));
    await permits.report(await take(one, 'a'), news());
    expect(await waitFor(one, 'a')).toBeGreaterThan(0);
  });

  test('counts a call from when it is sent, in both books; its leases are renewed in both', async () => {
    const one = counting({ requests_per_minute: 1 }, { a: { requests_per_minute: 1 } });
    const permit = await take(one, 'a');
    const keys = permit.books.map(({ name }) => world.scripts.key('account', name));
    expect(keys).toHaveLength(2);
    for (const key of keys) {
      await world.redis.zadd(`${key}:requests`, Date.now() - 30_000, permit.id);
      await world.redis.zadd(`${key}:leases`, Date.now() + 1_000, permit.id);
    }
    expect(await permits.stamp(permit)).toBe(true);
    await permits.renew([permit]);
    for (const key of keys) {
      expect(Number(await world.redis.zscore(`${key}:requests`, permit.id))).toBeGreaterThan(Date.now() - 10_000);
      const lease = Number(await world.redis.zscore(`${key}:leases`, permit.id));
      expect(lease).toBeGreaterThan(Date.now() + permitLeaseMs / 2);
    }
    await world.redis.zadd(`${keys[1]}:requests`, Date.now() - 70_000, permit.id);
    expect(await permits.stamp(permit)).toBe(false);
  });
});

describe('news about a model', () => {
  test('slows and pauses it, and nothing else', async () => {
    const one = counting({});
    const underWay = [await take(one, 'a'), await take(one, 'a'), await take(one, 'a'), await take(one, 'b')];
    const [first] = underWay;
    if (!first) throw new Error('no permit');
    const change = await permits.report(first, news('limited', { about: 'model', pauseMs: 5_000 }));
    expect(change).toEqual({ kind: 'slowed', value: 1, about: 'model' });
    expect(await waitFor(one, 'a')).toBeGreaterThan(4_000);
    expect(await waitFor(one, 'b')).toBe(0);
    const [own, apart] = await states(one, 'a');
    expect([own?.concurrency, own?.coolDownMs, apart?.concurrency]).toEqual([9, 0, 1]);
    expect(apart?.coolDownMs).toBeGreaterThan(4_000);
  });

  test('parks it until one call of it is served', async () => {
    const one = counting({});
    const why = { about: 'model', reason: 'limit 0' } as const;
    const parked = { kind: 'parked', value: 60_000, about: 'model' };
    expect(await permits.report(await take(one, 'a'), news('parked', why))).toEqual(parked);
    expect(await waitFor(one, 'a')).toBeGreaterThan(59_000);
    // A success of another model says nothing of this one.
    expect(await permits.report(await take(one, 'b'), news())).toBeNull();
    const [own, apart] = await states(one, 'a');
    expect([own?.parked, apart?.parked?.reason]).toEqual([null, 'limit 0']);
    await world.redis.hset(world.scripts.key('account', one.id, 'model', 'a', 'park'), 'until', Date.now() - 1);
    const trial = await take(one, 'a');
    expect(await waitFor(one, 'a')).toBeNull();
    expect(await waitFor(one, 'b')).toBe(0);
    expect(await permits.report(trial, news())).toEqual({ kind: 'recovered', value: 0, about: 'model' });
    expect(await waitFor(one, 'a')).toBe(0);
  });

  test('in its headers limits it; the account is not told anything', async () => {
    const one = counting({});
    await permits.report(await take(one, 'a'), news('served', { told: { about: 'model', perMinute: 1 } }));
    expect(await waitFor(one, 'a')).toBeGreaterThan(58_000);
    expect(await waitFor(one, 'b')).toBe(0);
    const [own, apart] = await states(one, 'a');
    expect([own?.requestsPerMinute, apart?.requestsPerMinute]).toEqual([null, 1]);
  });

  test('is taken for the account where that keeps no book of it', async () => {
    const one = account({ concurrency: 9 });
    const change = await permits.report(await take(one, 'a'), news('parked', { about: 'model' }));
    expect(change).toEqual({ kind: 'parked', value: 60_000, about: 'account' });
    expect(await waitFor(one, 'b')).toBeGreaterThan(59_000);
  });
});

test('an account that is parked serves none of its models', async () => {
  const one = counting({});
  await permits.report(await take(one, 'a'), news('parked'));
  expect([await waitFor(one, 'a'), await waitFor(one, 'b')].every((wait) => (wait ?? 0) > 59_000)).toBe(true);
});

test('an account whose model has no room leaves the work to another', async () => {
  const [full, free] = [counting({}, { a: { requests_per_minute: 1 } }), account({})];
  const both = [
    { account: full, rank: 0 },
    { account: free, rank: 1 },
  ];
  const given = [await permits.acquire(both, 1, 'a'), await permits.acquire(both, 1, 'a')];
  expect(given.map((permit) => 'account' in permit && permit.account)).toEqual([full.id, free.id]);
});
