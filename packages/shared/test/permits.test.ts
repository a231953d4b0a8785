import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Account } from '@rendermill/shared/domain/accounts';
import { accountState } from '@rendermill/shared/adapters/redis/account-state';
import { accountBook } from '@rendermill/shared/adapters/redis/books';
import { Permits, type Permit } from '@rendermill/shared/adapters/redis/permits';
import { openRedis, type RedisWorld } from '../../../test/redis.js';
import { account, news } from './accounts.js';

let world: RedisWorld;
let permits: Permits;
beforeAll(() => {
  world = openRedis();
  permits = new Permits(world.scripts);
});
afterAll(async () => world.close());

const ranked = (of: readonly Account[]) => of.map((one) => ({ account: one, rank: one.priority }));
const acquire = async (of: readonly Account[], images = 1) => permits.acquire(ranked(of), images, null);
const take = async (of: readonly Account[], images = 1): Promise<Permit> => {
  const permit = await acquire(of, images);
  if ('waitMs' in permit) throw new Error(`no permit: wait ${permit.waitMs}`);
  return permit;
};
const never = (): never => {
  throw new Error('there should be one');
};
const waitFor = async (of: readonly Account[], images = 1): Promise<number | null> => {
  const permit = await acquire(of, images);
  return 'waitMs' in permit ? permit.waitMs : 0;
};

describe('a permit', () => {
  test('is given as often as calls may run at once; the next waits for one to come back', async () => {
    const one = account({ concurrency: 2 });
    const first = await take([one]);
    await take([one]);
    expect(await waitFor([one])).toBeNull();
    await permits.report(first, news());
    expect(await waitFor([one])).toBe(0);
  });

  test('counts in the minute when it was used, and not when it was not', async () => {
    const one = account({ concurrency: 9, requests_per_minute: 2 });
    await permits.release(await take([one]));
    await permits.report(await take([one]), news());
    await permits.report(await take([one]), news());
    const wait = await waitFor([one]);
    expect(wait).toBeGreaterThan(58_000);
    expect(wait).toBeLessThanOrEqual(60_250);
  });

  test('weighs as much as its images where images are limited', async () => {
    const one = account({ concurrency: 9, images_per_minute: 5 });
    await permits.report(await take([one], 3), news());
    expect(await waitFor([one], 3)).toBeGreaterThan(50_000);
    expect(await waitFor([one], 2)).toBe(0);
  });

  test('may be taken in a burst where the account is known to allow it, then as evenly as it is filled again', async () => {
    const one = account({ concurrency: 99, requests_per_minute: 60, burst: 3 });
    const unused = await take([one]);
    await permits.release(unused);
    const burst = [await take([one]), await take([one]), await take([one])];
    for (const permit of burst) await permits.report(permit, news());
    const wait = await waitFor([one]);
    expect(wait).toBeGreaterThan(500);
    expect(wait).toBeLessThanOrEqual(1_250);
    // A second later there is room for one.
    const bucket = world.scripts.key('account', one.id, 'bucket');
    await world.redis.set(bucket, Number(await world.redis.get(bucket)) - 1_100, 'KEEPTTL');
    await take([one]);
    expect(await waitFor([one])).toBeGreaterThan(500);
  });

  test('is not given when the day or the month is used up', async () => {
    const day = account({ concurrency: 9, requests_per_day: 1 });
    await permits.report(await take([day]), news());
    expect(await waitFor([day])).toBeGreaterThan(0);
    const month = account({ concurrency: 9, images_per_month: 4 });
    await permits.report(await take([month], 3), news());
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
    await permits.release({ ...permit, day: permit.day - 1, month: '200001' });
    expect(await world.redis.mget(...today, ...then)).toEqual(['1', '3', '0', '0']);
  });

  test('for more images than a minute may see is given alone, and once a minute', async () => {
    const one = account({ concurrency: 9, images_per_minute: 2 });
    await permits.report(await take([one], 5), news());
    expect(await waitFor([one], 5)).toBeGreaterThan(50_000);
    expect(await waitFor([one], 5)).toBeLessThanOrEqual(60_250);
  });

  test('whose call is sent late counts from then; one that is too old is good for nothing', async () => {
    const one = account({ concurrency: 9, requests_per_minute: 1 });
    const permit = await take([one]);
    const log = world.scripts.key('account', one.id, 'requests');
    const sentAt = Date.now() - 30_000;
    await world.scripts.client.zadd(log, sentAt, permit.id);
    expect(await waitFor([one])).toBeLessThan(31_000);
    expect(await permits.stamp(permit)).toBe(true);
    expect(await waitFor([one])).toBeGreaterThan(59_000);
    await world.scripts.client.zadd(log, sentAt - 60_000, permit.id);
    expect(await permits.stamp(permit)).toBe(false);
    const free = account({ concurrency: 1 });
    expect(await permits.stamp(await take([free]))).toBe(true);
  });

  test('is not given while its account rests; a shorter rest does not end a longer one', async () => {
    const one = account({ concurrency: 3 });
    const underWay = [await take([one]), await take([one]), await take([one])];
    const waits: (number | null)[] = [];
    for (const [i, pauseMs] of [5_000, 10, 9_000].entries()) {
      await permits.report(underWay[i] ?? never(), news('limited', { pauseMs }));
      waits.push(await waitFor([one]));
    }
    expect(waits.map((wait) => Math.ceil((wait ?? 0) / 1_000))).toEqual([5, 5, 9]);
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
    await permits.report(await take([slow]), news('limited', { pauseMs: 60_000 }));
    await permits.report(await take([quick]), news('limited', { pauseMs: 2_000 }));
    expect(await waitFor([slow, quick])).toBeLessThanOrEqual(2_000);
  });
});

const restIsOver = async (one: Account, why: 'park' | 'circuit') =>
  world.redis.hset(world.scripts.key('account', one.id, why), 'until', Date.now() - 1);

describe('an account that parks itself', () => {
  test('rests for a minute, each further time for twice as long, at most an hour', async () => {
    const one = account({});
    const rests = [];
    for (let i = 0; i < 8; i++) {
      rests.push(await permits.report(await take([one]), news('parked')));
      expect(await waitFor([one])).toBeGreaterThan(59_000);
      await restIsOver(one, 'park');
    }
    const minutes = rests.map((change) => [change?.kind, (change?.value ?? 0) / 60_000]);
    expect(minutes).toEqual([1, 2, 4, 8, 16, 32, 60, 60].map((value) => ['parked', value]));
  });

  test('leaves the work to others', async () => {
    const [best, next] = [account({}), account({}, { priority: 1 })];
    await permits.report(await take([best, next]), news('parked'));
    expect((await take([best, next])).account).toBe(next.id);
  });

  test('rests no longer for what calls tell that were under way', async () => {
    const one = account({});
    const underWay = [await take([one]), await take([one]), await take([one])];
    const changes = [];
    for (const permit of underWay) changes.push(await permits.report(permit, news('parked')));
    expect(changes).toEqual([{ kind: 'parked', value: 60_000, about: 'account' }, null, null]);
  });

  test('is tried by one call at a time until one is served', async () => {
    const one = account({ concurrency: 5 });
    await permits.report(await take([one]), news('parked'));
    await restIsOver(one, 'park');
    // Not made, answered about its request, and of a worker that died: each leaves the next to try.
    const unused = await take([one]);
    expect(await waitFor([one])).toBeNull();
    await permits.release(unused);
    expect(await permits.report(await take([one]), news('answered'))).toBeNull();
    await world.redis.zadd(world.scripts.key('account', one.id, 'leases'), 1, (await take([one])).id);
    const last = await take([one]);
    expect(await waitFor([one])).toBeNull();
    expect(await permits.report(last, news('served'))).toEqual({ kind: 'recovered', value: 0, about: 'account' });
    for (let i = 0; i < 5; i++) await take([one]);
    expect(await permits.report(await take([account({})]), news('served'))).toBeNull();
  });
});

describe('an account that fails', () => {
  const fail = async (one: Account) => permits.report(await take([one]), news('failed'));

  test('five times in a row rests for a second, each further time for twice as long, at most five minutes', async () => {
    const one = account({});
    const rests = [];
    for (let i = 0; i < 15; i++) {
      const change = await fail(one);
      if (change) rests.push([change.kind, change.value / 1_000]);
      if (change) await restIsOver(one, 'circuit');
    }
    const seconds = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300];
    expect(rests).toEqual(seconds.map((value) => ['circuit_opened', value]));
  });

  test('is given no permit while it rests; then one call tries it, and its success ends the run', async () => {
    const one = account({ concurrency: 3 });
    for (let i = 0; i < 5; i++) await fail(one);
    expect(await waitFor([one])).toBeGreaterThan(0);
    await restIsOver(one, 'circuit');
    const trial = await take([one]);
    expect(await waitFor([one])).toBeNull();
    expect(await permits.report(trial, news('served'))).toEqual({ kind: 'recovered', value: 0, about: 'account' });
    for (let i = 0; i < 4; i++) expect(await fail(one)).toBeNull();
  });

  test('now and then, with a success between, goes on', async () => {
    const one = account({});
    for (let i = 0; i < 12; i++) {
      expect(await fail(one)).toBeNull();
      if (i % 4 === 3) await permits.report(await take([one]), news('served'));
    }
  });

  test('is not judged by what it says about requests, nor by calls that were under way when it was set aside', async () => {
    const one = account({ concurrency: 20 });
    for (let i = 0; i < 9; i++) expect(await permits.report(await take([one]), news('answered'))).toBeNull();
    const underWay = [];
    for (let i = 0; i < 9; i++) underWay.push(await take([one]));
    const changes = [];
    for (const permit of underWay) changes.push((await permits.report(permit, news('failed')))?.value);
    expect(changes.filter(Boolean)).toEqual([1_000]);
    expect(changes[4]).toBe(1_000);
  });
});

describe('an account that answers 429', () => {
  const pace = (one: Account) => world.scripts.key('account', one.id, 'pace');
  const takeAll = async (one: Account): Promise<Permit[]> => {
    const taken = [];
    for (let next = await acquire([one]); !('waitMs' in next); next = await acquire([one])) taken.push(next);
    return taken;
  };
  const giveBack = async (taken: readonly Permit[]): Promise<void> => {
    for (const permit of taken) await permits.release(permit);
  };
  /** What it is given at once, after a success that comes so long after the last change. */
  const served = async (one: Account, afterMs: number): Promise<number> => {
    await world.redis.hset(pace(one), 'moved', Date.now() - afterMs);
    await permits.report(await take([one]), news('served'));
    const taken = await takeAll(one);
    await giveBack(taken);
    return taken.length;
  };

  test('gets half as many calls at once, once for all that were in flight, and never fewer than one', async () => {
    const one = account({ concurrency: 8 });
    const slowed = [];
    for (let round = 0; round < 4; round++) {
      for (const permit of await takeAll(one)) slowed.push(await permits.report(permit, news('limited')));
      // Permits of one millisecond with the cut would count as taken before it.
      await world.redis.hset(pace(one), 'cut', 1);
    }
    expect(slowed.filter(Boolean).map((change) => change?.value)).toEqual([4, 2, 1]);
    expect(await takeAll(one)).toHaveLength(1);
  });

  test('gets one more every five seconds, slowly where it was too much before, and all that is configured in the end', async () => {
    const one = account({ concurrency: 8 });
    const [first, ...others] = (await takeAll(one)).slice(0, 8);
    // Six are in flight when it says no.
    await giveBack(others.slice(0, 2));
    await permits.report(first ?? never(), news('limited'));
    await giveBack(others.slice(2));
    const seconds = [4, 6, 6, 6, 59, 61, 61, 61];
    const given = [];
    for (const after of seconds) given.push(await served(one, after * 1_000));
    expect(given).toEqual([3, 4, 5, 5, 5, 6, 7, 8]);
    expect(await world.redis.hget(pace(one), 'limit')).toBeNull();
  });

  test('is never given more than is configured by now', async () => {
    const one = account({ concurrency: 2 });
    await world.redis.hset(pace(one), 'limit', 7);
    expect(await takeAll(one)).toHaveLength(2);
  });
});

describe('an answer that tells its limits', () => {
  const told = (perMinute: number, usedUpForMs = 0) => news('served', { told: { perMinute, usedUpForMs } });

  test('makes them those in force, where none are configured or larger ones; what was sent before counts', async () => {
    const [none, larger] = [account({ concurrency: 9 }), account({ concurrency: 9, requests_per_minute: 9 })];
    for (const one of [none, larger]) {
      await permits.report(await take([one]), told(3));
      for (let i = 0; i < 2; i++) await take([one]);
      expect(await waitFor([one])).toBeGreaterThan(59_000);
    }
    const smaller = account({ concurrency: 9, requests_per_minute: 1 });
    await permits.report(await take([smaller]), told(50));
    expect(await waitFor([smaller])).toBeGreaterThan(59_000);
  });

  test('that none is left pauses it, unless our own log of the minute says as much', async () => {
    const shared = account({ concurrency: 9 });
    await permits.report(await take([shared]), told(2, 7_000));
    expect(Math.ceil(((await waitFor([shared])) ?? 0) / 1_000)).toBe(7);
    const ours = account({ concurrency: 9, requests_per_minute: 2 });
    await permits.report(await take([ours]), told(2));
    await permits.report(await take([ours]), told(2, 300_000));
    const wait = await waitFor([ours]);
    expect(wait).toBeGreaterThan(58_000);
    expect(wait).toBeLessThanOrEqual(60_250);
  });
});

describe('a call that is sent', () => {
  const log = (one: Account) => world.scripts.key('account', one.id, 'requests');
  const told = { told: { perMinute: 2, usedUpForMs: 300_000 } };

  test('counts in the minute from then on', async () => {
    const one = account({ concurrency: 9, requests_per_minute: 1, images_per_minute: 3 });
    const permit = await take([one], 2);
    const images = world.scripts.key('account', one.id, 'images');
    const takenAt = Date.now() - 30_000;
    await world.redis.zadd(log(one), takenAt, permit.id);
    for (const k of [1, 2]) await world.redis.zadd(images, takenAt, `${permit.id}:${k}`);
    expect(await waitFor([one])).toBeLessThan(31_000);
    expect(await permits.sent(permit)).toEqual([1]);
    expect(await waitFor([one])).toBeGreaterThan(59_000);
    expect(Number(await world.redis.zscore(images, `${permit.id}:2`))).toBeGreaterThan(takenAt + 29_000);
    expect([await world.redis.zcard(log(one)), await world.redis.zcard(images)]).toEqual([1, 2]);
  });

  test('is taken from the bucket then', async () => {
    const one = account({ concurrency: 9, requests_per_minute: 60, burst: 2 });
    const bucket = world.scripts.key('account', one.id, 'bucket');
    const permit = await take([one]);
    // As if it was taken long ago: full again by now.
    await world.redis.set(bucket, Date.now() - 5_000, 'KEEPTTL');
    await permits.sent(permit);
    const left = Number(await world.redis.get(bucket)) - Date.now();
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(1_000);
  });

  test('at a limit that is used in full makes no pause, though the log has forgotten some by the time of its answer', async () => {
    const one = account({ concurrency: 9, requests_per_minute: 2 });
    const [first, second] = [await take([one]), await take([one])];
    const logged = await permits.sent(second);
    await world.redis.zrem(log(one), first.id);
    await permits.report(second, news('served', told), logged);
    expect(await waitFor([one])).toBe(0);
    await permits.report(first, news('served', told), [1]);
    expect(await waitFor([one])).toBeGreaterThan(299_000);
  });

  test('is only told of where an account is limited by the minute', async () => {
    const paced = [];
    for (const limits of [{}, { requests_per_minute: 9 }, { images_per_minute: 9 }])
      paced.push((await take([account(limits)])).paced);
    expect(paced).toEqual([false, true, true]);
  });
});

describe('the state of an account', () => {
  const state = async (one: Account) => accountState(world.scripts, accountBook(one));
  const well = { parked: null, circuit: 'closed', concurrency: 6, requestsPerMinute: null, coolDownMs: 0 };

  test('is well before its first call, and after a success', async () => {
    const one = account({ concurrency: 6 });
    expect(await state(one)).toEqual(well);
    await permits.report(await take([one]), news());
    expect(await state(one)).toEqual(well);
  });

  test('says why it is parked, since when and until when, over every trial', async () => {
    const one = account({ concurrency: 6 });
    await permits.report(await take([one]), news('parked', { reason: 'provider_quota_exhausted: no money' }));
    const { parked } = await state(one);
    expect(parked).toEqual({
      reason: 'provider_quota_exhausted: no money',
      since: expect.any(Number),
      until: (parked?.since ?? 0) + 60_000,
    });
    await restIsOver(one, 'park');
    await permits.report(await take([one]), news('parked'));
    expect(await state(one)).toMatchObject({ parked: { since: parked?.since, reason: 'why' } });
  });

  test('tells an open circuit from one that is tried', async () => {
    const one = account({ concurrency: 6 });
    for (let i = 0; i < 4; i++) await permits.report(await take([one]), news('failed'));
    expect((await state(one)).circuit).toBe('closed');
    await permits.report(await take([one]), news('failed'));
    expect((await state(one)).circuit).toBe('open');
    await restIsOver(one, 'circuit');
    expect((await state(one)).circuit).toBe('half_open');
  });

  test('has the limits in force and what is left of a pause', async () => {
    const one = account({ concurrency: 6 });
    const [first, second] = [await take([one]), await take([one]), await take([one]), await take([one])];
    await permits.report(first, news('served', { told: { perMinute: 60, usedUpForMs: 0 } }));
    await permits.report(second, news('limited', { pauseMs: 5_000 }));
    const now = await state(one);
    expect({ ...now, coolDownMs: Math.ceil(now.coolDownMs / 1_000) }).toEqual({
      ...well,
      concurrency: 1,
      requestsPerMinute: 60,
      coolDownMs: 5,
    });
  });
});
