import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Ledger } from '@rendermill/shared/adapters/redis/ledger';
import { JobStore } from '@rendermill/shared/adapters/redis/job-store';
import { trimLists } from '@rendermill/shared/adapters/redis/trim-lists';
import { UnknownAttempts } from '@rendermill/shared/adapters/redis/unknown-attempts';
import { UsageBooks } from '@rendermill/shared/adapters/redis/usage-books';
import type { AttemptOutcome, AttemptSettlement, Checkpoint } from '@rendermill/shared/domain/attempts';
import { newId } from '@rendermill/shared/domain/ids';
import type { JobSpec } from '@rendermill/shared/domain/job';
import { groupUsage, usageFigures } from '@rendermill/shared/domain/usage-report';
import { openRedis, type RedisWorld } from '../../../test/redis.js';

/** The books that the settling script keeps: each attempt once, whatever becomes of its outcome. */

let world: RedisWorld;
let ledger: Ledger;
beforeAll(() => {
  world = openRedis();
  ledger = new Ledger(world.scripts, 30);
});
afterAll(async () => world.close());

const began = Date.UTC(2026, 10, 20, 23, 59, 59);
const day = Math.floor(began / 86_400_000);

/** An attempt that is open. */
async function open(project: string, model = 'm', startedAt = began): Promise<string> {
  const spec = {
    id: newId('job'),
    project,
    model,
    request: { prompt: 'x', n: 1 },
    created_at: startedAt,
    priority: 'normal',
  };
  const routing = { id: 'class', accounts: ['a'], images: 1, ranks: null, model: null };
  const repeat = { key: '', fingerprint: '', claim: '', holder: '' };
  const fields = { ...spec, webhook_url: null, custom_id: null, deadline: null } as unknown as JobSpec;
  await new JobStore(world.scripts, 30).submit(
    { spec: fields, routing, stage: 'ready', inputs: [], mask: null },
    repeat,
  );
  const job = await ledger.begin(spec.id, 1, 1, 'w');
  if (typeof job === 'string') throw new Error(job);
  const intent = { job: spec.id, generation: 1, call: 0, indexes: [0], provider: 'a', model, worker: 'w', fence: 1 };
  await ledger.beginAttempt(job, { ...intent, started_at: startedAt, timeout_ms: 1, ignored_parameters: [] }, 9);
  return spec.id;
}

const picture = { index: 0, file: 'f', bytes: 1, sha256: 's', revised_prompt: null };
const pictures: Checkpoint = { worker: 'w', spooled: [picture, { ...picture, index: 1 }], urls: [] };

async function settle(
  id: string,
  outcome: AttemptOutcome,
  cost: number | null,
  checkpoint: Checkpoint | null = null,
  tookMs = 3_000,
) {
  const settlement: AttemptSettlement = {
    outcome,
    cost,
    ended_at: began + tookMs,
    http_status: 200,
    request_id: null,
    error: null,
    cost_basis: null,
    usage: null,
    effective: {},
  };
  return ledger.settle(id, 1, settlement, checkpoint);
}

const read = async (project: string) => {
  const [group] = groupUsage(await new UsageBooks(world.scripts).read(project, day, day), []);
  return usageFigures(group?.counts ?? new Map());
};
const unknowns = async (project: string) => {
  const filter = { from: -Infinity, to: Infinity, limit: 10, order: 'desc' } as const;
  return (await new UnknownAttempts(world.scripts).list(project, filter))?.attempts.map(({ id }) => id);
};

test('a certainty that replaces an unknown outcome moves its figures; said twice it counts once', async () => {
  const id = await open('moved');
  await settle(id, 'unknown', 70);
  await settle(id, 'unknown', 70);
  expect(await read('moved')).toMatchObject({ requests: 1, unknown: { requests: 1, cost: 0.000_07, unpriced: 0 } });
  expect(await unknowns('moved')).toEqual([`${id}-1`]);
  await settle(id, 'billed', 40, pictures);
  await settle(id, 'billed', 40, pictures);
  await settle(id, 'rejected', 0);
  expect(await read('moved')).toMatchObject({
    requests: 1,
    outcomes: { billed: 1, unknown: 0, rejected: 0 },
    images: 2,
    successes: 1,
    response_seconds: { mean: 3, p50: 4, p95: 4 },
    cost: { total: 0.000_04, mean: 0.000_04, mean_per_image: 0.000_02, unpriced: 0 },
    unknown: { requests: 0, cost: 0, unpriced: 0 },
  });
  expect(await unknowns('moved')).toEqual([]);
});

test('one that was not billed after all leaves no cost, known or not', async () => {
  for (const cost of [70, 0, null]) {
    const id = await open(`freed-${cost}`);
    await settle(id, 'unknown', cost);
    await settle(id, 'rejected', 0);
    const { requests, outcomes, cost: billed, unknown } = await read(`freed-${cost}`);
    expect([requests, outcomes.rejected, billed.total, billed.unpriced, unknown.cost, unknown.unpriced]).toEqual([
      1, 1, 0, 0, 0, 0,
    ]);
  }
});

test('a cost that nobody knows is counted as such', async () => {
  await settle(await open('unpriced'), 'billed', null, pictures);
  await settle(await open('unpriced'), 'unknown', null);
  const { cost, unknown } = await read('unpriced');
  expect([cost, unknown]).toEqual([
    { total: null, mean: null, mean_per_image: null, unpriced: 1 },
    { requests: 1, cost: null, unpriced: 1 },
  ]);
});

test('half of the calls were answered within p50; where the slowest is off the scale p95 is not known', async () => {
  for (const ms of [100, 300, 300, 900, 5_000_000]) await settle(await open('times'), 'billed', 1, pictures, ms);
  await settle(await open('times'), 'rejected', 0, null, 1);
  expect((await read('times')).response_seconds).toEqual({ mean: 1_000.32, p50: 0.354, p95: null });
});

test('an attempt belongs to the day in which it began, and the day is kept for 400', async () => {
  await settle(await open('days'), 'billed', 1, pictures);
  const rows = await new UsageBooks(world.scripts).read('days', day - 50, day + 50);
  expect(rows.map((row) => row.day)).toEqual(['2026-11-20']);
  const ttl = await world.redis.pttl(world.scripts.key('usage', 'days', String(day)));
  expect(Math.ceil(ttl / 86_400_000)).toBe(400);
});

test("however many models' names are made up, a day's books stay bounded and their sums right", async () => {
  const key = world.scripts.key('usage', 'names', String(day));
  await world.redis.hset(key, Object.fromEntries(Array.from({ length: 4_001 }, (_, i) => [`a|requests|m${i}`, '1'])));
  await settle(await open('names', 'm7'), 'billed', 1, pictures);
  const late = await open('names', 'one | too many');
  await settle(late, 'unknown', 5);
  await settle(late, 'billed', 5, pictures);
  const rows = await new UsageBooks(world.scripts).read('names', day, day);
  const requests = (model: string) => rows.find((row) => row.model === model)?.counts.get('requests');
  expect([requests('m7'), requests('(other)'), requests('one | too many')]).toEqual([2, 1, undefined]);
  expect((await read('names')).requests).toBe(4_003);
});

test('an unknown outcome leaves the list with its job', async () => {
  const long = Date.now() - 40 * 86_400_000;
  const [gone, kept] = [await open('listed', 'm', long), await open('listed', 'm', long + 1)];
  for (const id of [gone, kept]) await settle(id, 'unknown', 1);
  await world.redis.del(world.scripts.key('job', gone));
  expect(await unknowns('listed')).toEqual([`${kept}-1`]);
  await trimLists(world.scripts, 30);
  expect(await world.redis.zrange(world.scripts.key('unknown', 'listed'), '0', '-1')).toEqual([`1:${kept}`]);
});
