import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createBatch, endedBatch, getBatch, lines, type BatchAnswer } from '../../../test/batch-calls.js';
import { followEvents, type FollowOptions, type ToldEvent } from '../../../test/follow-events.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

/** `/v1/batches/{id}/events`: what is told while a batch runs, to who leaves and comes back too. */

type Told = ToldEvent<{ line?: number; custom_id?: string; images?: unknown[]; batch?: BatchAnswer }>;

let world: World;
beforeAll(async () => {
  world = await createWorld({ simulator: ['--pool', '3k'], account: { limits: { concurrency: 4 } } });
});
afterAll(async () => world.close());

const follow = async (id: string, options: FollowOptions<Told> = {}): Promise<Told[]> =>
  followEvents(world, `/v1/batches/${id}/events`, options);

const endedLines = (told: readonly Told[]): number[] =>
  told.flatMap(({ event, data }) => (event === 'line' ? [data.line ?? 0] : []));

test('every line that ends is told once, over any number of connections, and the stream ends with the batch', async () => {
  const { id } = await createBatch(world, { requests: lines(60, 'told') });
  const told = await follow(id, { after: '0', enough: (some) => endedLines(some).length >= 5 });
  for (let i = 0; i < 3; i++) {
    const last = String(told.at(-1)?.id);
    const enough = (some: readonly Told[]): boolean => endedLines(some).length >= 7;
    told.push(...(await follow(id, { lastEventId: last, enough })));
  }
  told.push(...(await follow(id, { after: String(told.at(-1)?.id) })));
  expect(endedLines(told).sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
  const ids = told.map(({ id: number }) => number);
  expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
  expect(told.every(({ id: number, data }) => number === data.sequence)).toBe(true);
  expect(told.find(({ event }) => event === 'line')?.data).toMatchObject({ batch_id: id, status: 'completed' });
  expect(told.at(-1)?.data.batch).toMatchObject({ status: 'completed', progress: 1 });
  // Who comes when all is over gets the same lines; who has seen all gets nothing.
  const again = await follow(id, { after: '0' });
  expect(endedLines(again).sort((a, b) => a - b)).toHaveLength(60);
  expect(await follow(id, { after: String(told.at(-1)?.id) })).toEqual([]);
});

test('without a number it begins with the batch as it stands, and lines that ended before are not told', async () => {
  await world.simulator.faults([{ when: { promptIncludes: 'slow' }, fault: { kind: 'hang_before_headers' } }]);
  const { id } = await createBatch(world, { requests: [...lines(3, 'fast'), ...lines(4, 'slow')] });
  await until(async () => (await getBatch(world, id)).request_counts.completed === 3);
  await until(async () => (await world.simulator.stats()).held === 4);
  const following = follow(id, { enough: (told) => told.at(-1)?.data.batch?.status === 'completed' });
  await world.call('POST', `/v1/batches/${id}/pause`);
  await world.simulator.faults([]);
  await world.simulator.release();
  await world.call('POST', `/v1/batches/${id}/resume`);
  const told = await following;
  expect(told[0]?.event).toBe('batch');
  expect(endedLines(told).sort((a, b) => a - b)).toEqual([4, 5, 6, 7]);
  await endedBatch(world, id);
});

test('a number that is none is 400', async () => {
  const { id } = await createBatch(world, { requests: lines(1, 'one') });
  const headers = { 'last-event-id': 'evt_1' };
  expect((await world.call('GET', `/v1/batches/${id}/events`, undefined, headers)).status).toBe(400);
  expect((await world.call('GET', `/v1/batches/${id}/events?after=x`)).status).toBe(400);
  await endedBatch(world, id);
});

test('who asks for the head alone gets it at once, while the batch runs', async () => {
  await world.simulator.faults([{ when: { promptIncludes: 'headless' }, fault: { kind: 'hang_before_headers' } }]);
  const { id } = await createBatch(world, { requests: lines(1, 'headless') });
  await until(async () => (await world.simulator.stats()).held === 1);
  const headers = { authorization: `Bearer ${world.key}` };
  const response = await fetch(`${world.url}/v1/batches/${id}/events?after=0`, { method: 'HEAD', headers });
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
  // It is over for the API too: nobody follows the batch for it.
  await until(() => world.logs.some(({ event, method }) => event === 'request.answered' && method === 'HEAD'));
  expect((await getBatch(world, id)).status).toBe('in_progress');
  await world.simulator.faults([]);
  await world.simulator.release();
  await endedBatch(world, id);
});

test('a client that leaves is not an error of ours', () => {
  expect(world.logs.filter(({ event }) => event === 'request.failed')).toEqual([]);
});
