import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

/** An account's limits, kept over all workers: the provider is the judge. */

describe('a limit of three calls at once, with two workers', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({
      simulator: ['--concurrency', '3', '--latency', '60'],
      account: { limits: { concurrency: 3 } },
    });
    await world.startWorker();
  });
  afterAll(async () => world.close());

  test('is used in full and never exceeded', async () => {
    const jobs = await Promise.all(
      Array.from({ length: 30 }, async (_, i) => world.submit({ prompt: `limited ${i}` })),
    );
    const ended = await Promise.all(jobs.map(async ({ id }) => world.ended(id)));
    expect(ended.map(({ status }) => status)).toEqual(Array(30).fill('completed'));
    const stats = await world.simulator.stats();
    expect([stats.max_in_flight, stats.rejected_429]).toEqual([3, 0]);
  });
});

describe('a limit of four requests a minute', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ account: { limits: { concurrency: 10, requests_per_minute: 4 } } });
  });
  afterAll(async () => world.close());

  test('lets four through; the fifth waits in the queue, and has no attempt to show for it', async () => {
    const jobs = await Promise.all(Array.from({ length: 5 }, async (_, i) => world.submit({ prompt: `minute ${i}` })));
    await until(async () => (await world.simulator.stats()).requests === 4);
    await until(
      async () => (await world.call<{ data: unknown[] }>('GET', '/v1/jobs?status=completed')).body.data.length === 4,
    );
    const states = await Promise.all(
      jobs.map(async ({ id }) => world.call<{ status: string; attempts: unknown[] }>('GET', `/v1/jobs/${id}`)),
    );
    const waiting = states.filter(({ body }) => body.status === 'queued');
    expect(waiting.map(({ body }) => body.attempts)).toEqual([[]]);
    expect((await world.simulator.stats()).requests).toBe(4);
  });

  test('is counted from when a call is sent, not from when its permit was taken', async () => {
    const { body } = await world.call<{ data: { id: string }[] }>('GET', '/v1/jobs?status=completed');
    // Written after the permit was taken, and before the call.
    const intents = await Promise.all(
      body.data.map(async ({ id }) => world.redis.hget(`${world.prefix}job:${id}`, 'a:1')),
    );
    const written = intents.map((intent) => (JSON.parse(intent ?? '') as { started_at: number }).started_at);
    const log = await world.redis.zrange(`${world.prefix}account:sim:requests`, '0', '-1', 'WITHSCORES');
    const counted = log.filter((_, i) => i % 2 === 1).map(Number);
    expect(counted).toHaveLength(4);
    expect(Math.min(...counted)).toBeGreaterThanOrEqual(Math.min(...written));
  });
});

describe('a limit that is smaller than one call could be', () => {
  test.each(['images_per_minute', 'images_per_month'])('%s: a job of more is made in calls that fit', async (limit) => {
    const world = await createWorld({ account: { limits: { concurrency: 4, [limit]: 2 } } });
    const { id } = await world.submit({ n: 3 });
    await until(async () => (await world.simulator.ledger()).length === 1);
    expect((await world.simulator.ledger()).map(({ n }) => n)).toEqual([2]);
    await until(
      async () => (await world.call<{ images: unknown[] }>('GET', `/v1/jobs/${id}`)).body.images.length === 2,
    );
    await world.close();
  });
});

describe('a provider that answers 429', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ account: { limits: { concurrency: 4 } } });
  });
  afterAll(async () => world.close());

  test('gets the pause that it asked for, from every job; no try and no money is lost', async () => {
    await world.simulator.faults([{ times: 2, fault: { kind: 'rate_limited', retryAfterMs: 1_200 } }]);
    const jobs = await Promise.all(Array.from({ length: 6 }, async (_, i) => world.submit({ prompt: `storm ${i}` })));
    const ended = await Promise.all(jobs.map(async ({ id }) => world.ended(id)));
    expect(ended.map(({ status, paid_attempts }) => [status, paid_attempts])).toEqual(jobs.map(() => ['completed', 1]));
    const ledger = await world.simulator.ledger();
    const refused = ledger.filter(({ status }) => status === 429);
    const lastRefusal = Math.max(...refused.map(({ at }) => Date.parse(at)));
    const after = ledger
      .filter(({ at, status }) => status === 200 && Date.parse(at) > lastRefusal)
      .map(({ at }) => Date.parse(at));
    // Calls that were under way already may come meanwhile; new ones keep the pause.
    expect(Math.max(...after) - lastRefusal).toBeGreaterThanOrEqual(1_200);
    expect(refused.length).toBeLessThanOrEqual(4);
  });
});

describe('a provider that takes fewer calls at once than is configured', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({
      simulator: ['--concurrency', '3', '--latency', '50'],
      account: { limits: { concurrency: 12 } },
    });
    await world.startWorker();
  });
  afterAll(async () => world.close());

  test('teaches it: after a few refusals every job is done, each paid once', async () => {
    const jobs = await Promise.all(Array.from({ length: 40 }, async (_, i) => world.submit({ prompt: `learn ${i}` })));
    const ended = await Promise.all(jobs.map(async ({ id }) => world.ended(id)));
    expect(ended.map(({ status, paid_attempts }) => [status, paid_attempts])).toEqual(jobs.map(() => ['completed', 1]));
    const slowed = world.logs.filter(({ event }) => event === 'account.slowed');
    expect(slowed[0]).toMatchObject({ provider: 'sim', level: 'warn' });
    expect(slowed.map(({ concurrency }) => Number(concurrency) <= 6)).toEqual(slowed.map(() => true));
    const { requests, charged, rejected_429 } = await world.simulator.stats();
    const attempts = ended.flatMap((job) => job.attempts);
    expect([charged, requests]).toEqual([40, attempts.length]);
    // At most nine of the first twelve and three of the next six; now and then one more, when it is tried again.
    expect(attempts.filter(({ outcome }) => outcome === 'rejected')).toHaveLength(rejected_429);
    expect(rejected_429).toBeLessThan(20);
  });
});

describe('a provider that tells how many requests a minute it has left', () => {
  test('is asked for no more, though nothing is configured', async () => {
    const world = await createWorld({ simulator: ['--rpm', '3'], account: { limits: { concurrency: 3 } } });
    const jobs = await Promise.all(Array.from({ length: 5 }, async (_, i) => world.submit({ prompt: `told ${i}` })));
    const completed = async () => (await world.call<{ data: unknown[] }>('GET', '/v1/jobs?status=completed')).body.data;
    await until(async () => (await completed()).length === 3);
    // Those that were sent before it was told count too, so that there is room for none.
    const [told, sent] = ['told', 'requests'].map((name) => `${world.prefix}account:sim:model:gpt-image-1:${name}`);
    expect([await world.redis.get(told ?? ''), await world.redis.zcard(sent ?? '')]).toEqual(['3', 3]);
    const states = await Promise.all(
      jobs.map(async ({ id }) => world.call<{ status: string; attempts: unknown[] }>('GET', `/v1/jobs/${id}`)),
    );
    const waiting = states.filter(({ body }) => body.status === 'queued');
    expect(waiting.map(({ body }) => body.attempts)).toEqual([[], []]);
    const { requests, rejected_429 } = await world.simulator.stats();
    expect([requests, rejected_429]).toEqual([3, 0]);
    await world.close();
  });
});
