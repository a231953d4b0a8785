import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { BatchStore } from '@rendermill/shared/adapters/redis/batch-store';
import { ScriptRunner } from '@rendermill/shared/adapters/redis/scripts';
import type { LineRecord } from '@rendermill/shared/domain/batch';
import { batchDigests } from '@rendermill/shared/domain/batch-digest';
import { BatchLeader } from '../src/batches/leader.js';
import { createBatch, endedBatch, line, lines } from '../../../test/batch-calls.js';
import { register } from '../../../test/webhook-calls.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(async () => world.close());

test('lines of a batch come in digests to the endpoint that asks for them, each once, and to no other', async () => {
  await register(world, '/digests', ['batch.lines', 'batch.completed']);
  await register(world, '/ends', ['batch.completed', 'job.completed', 'job.failed']);
  const requests = [...lines(6, 'told'), line('bad', { size: '3x3' })];
  const { id } = await createBatch(world, { requests, webhook_url: `${world.receiver.url}/own` });
  await endedBatch(world, id);
  for (const path of ['/digests', '/ends', '/own'])
    await world.receiver.waitFor(1, (got) => got.path === path && got.event.type === 'batch.completed');
  const digests = await world.receiver.waitFor(1, ({ event }) => event.type === 'batch.lines');
  expect(digests.map(({ path }) => path)).toEqual(digests.map(() => '/digests'));
  expect(digests[0]?.event.data).toMatchObject({ id, object: 'batch', generation: 1 });
  const told = digests.flatMap(({ event }) => event.data['lines'] as { line: number }[]);
  expect(told.sort((a, b) => a.line - b.line)).toEqual([
    ...Array.from({ length: 6 }, (_, i) => ({
      line: i + 1,
      custom_id: `told ${i + 1}`,
      status: 'completed',
      images: 1,
    })),
    { line: 7, custom_id: 'bad', status: 'failed', images: 0, code: expect.any(String) },
  ]);
  expect(world.receiver.received.filter(({ event }) => event.type.startsWith('job.'))).toEqual([]);
});

test('lines that have waited for a full part for half a minute are told, also by a leader that has just begun', async () => {
  const own = await createWorld({ account: { limits: { concurrency: 2 } } });
  await register(own, '/digests', ['batch.lines']);
  const { id } = await createBatch(own, { requests: lines(60, 'waits') });
  const store = new BatchStore(new ScriptRunner(own.redis, own.prefix.slice(1, -2)));
  const batch = async () => store.get('default', id);
  await until(async () => ((await batch())?.completed ?? 0) > 0);
  await store.change(id, 'pause');
  await until(async () => (await batch())?.open === 0);
  const { worker } = own;
  if (!worker) throw new Error('there is no worker');
  await worker.drain(5_000);
  const key = `${own.prefix}batch:${id}`;
  const waiting = await own.redis.llen(`${key}:results`);
  const since = (await batch())?.unflushed_since ?? 0;
  expect([waiting, since]).toEqual([(await batch())?.completed, expect.any(Number)]);
  expect(since).toBeGreaterThan(1_700_000_000_000);
  // So long ago that no full part is waited for.
  await own.redis.hset(key, 'unflushed', since - 30_000);

  await new BatchLeader(worker.deps).step();
  expect([await own.redis.llen(`${key}:results`), (await batch())?.unflushed_since]).toEqual([0, null]);
  await worker.deps.batches.resign();
  await own.startWorker();
  const [digest] = await own.receiver.waitFor(1, ({ event }) => event.type === 'batch.lines');
  expect(digest?.event.data['lines']).toHaveLength(waiting);
  expect((await batch())?.status).toBe('in_progress');
  await own.close();
});

test('a digest has 500 lines at most and stays under 20 kB, whatever the lines are called', () => {
  const records = (custom_id: string) =>
    Array.from({ length: 1_200 }, (_, i) => ({ line: i + 1, custom_id, status: 'completed', job: null, error: null }));
  for (const name of ['a', '"'.repeat(512), '字'.repeat(512)]) {
    const digests = batchDigests({ id: 'batch_1', generation: 1 }, 'part', records(name) as unknown as LineRecord[]);
    const lots = digests.map(({ data }) => data['lines'] as { line: number }[]);
    expect(lots.flat().map((told) => told.line)).toEqual(Array.from({ length: 1_200 }, (_, i) => i + 1));
    expect(Math.max(...lots.map((lot) => lot.length))).toBeLessThanOrEqual(500);
    expect(Math.max(...digests.map(({ data }) => Buffer.byteLength(JSON.stringify(data))))).toBeLessThan(19_500);
    expect(new Set(digests.map(({ id }) => id)).size).toBe(digests.length);
  }
});
