import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createWorld, type World } from '../../../test/world.js';

let world: World;
beforeAll(async () => {
  world = await createWorld({ worker: false });
});
afterAll(async () => world.close());

interface Listed {
  readonly data: { id: string; object: string; type: string; sequence: number; data: { id: string } }[];
  readonly has_more: boolean;
  readonly last_id: string | null;
  readonly error: { code: string; param: string };
}

const list = async (query = ''): Promise<Listed> => (await world.call<Listed>('GET', `/v1/events${query}`)).body;
const cancelled = async (): Promise<string> => {
  const { id } = await world.submit({});
  await world.call('POST', `/v1/jobs/${id}/cancel`);
  return id;
};

test('events are numbered without a gap, and listed as they happened', async () => {
  expect((await list()).data).toEqual([]);
  const jobs = [];
  for (let i = 0; i < 5; i++) jobs.push(await cancelled());
  const { data, has_more } = await list();
  expect(data.map(({ data: { id } }) => id)).toEqual(jobs);
  expect(data.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
  expect(data[0]).toMatchObject({ object: 'event', type: 'job.cancelled' });
  expect(has_more).toBe(false);
});

test('a receiver that was down asks for what is behind the last number that it has seen', async () => {
  const missed = await list('?after=3&limit=1');
  expect([missed.data.map(({ sequence }) => sequence), missed.has_more]).toEqual([[4], true]);
  const rest = await list(`?after=${missed.last_id}`);
  expect(rest.data.map(({ sequence }) => sequence)).toEqual([5]);
  expect((await list('?after=5')).data).toEqual([]);
  expect((await list('?after=4&order=desc')).data.map(({ sequence }) => sequence)).toEqual([3, 2, 1]);
});

test('only the types that are asked for are listed', async () => {
  expect((await list('?types=job.failed,batch.completed')).data).toEqual([]);
  expect((await list('?types=job.failed,job.cancelled&limit=2')).data).toHaveLength(2);
});

test.each([
  ['?types=job.exploded', 'types'],
  ['?after=evt_unknown', 'after'],
  // Nobody can have seen it: a receiver that waits for what comes behind it would wait for good.
  ['?after=6', 'after'],
  ['?after=99999999999999999999', 'after'],
  ['?after=a.b', 'after'],
])('%s is refused', async (query, param) => {
  expect((await list(query)).error).toMatchObject({ code: 'invalid_parameter', param });
});

test('what has expired leaves the list, and a number that it had still works', async () => {
  const { data } = await list();
  await world.redis.del(`${world.prefix}event:${data[0]?.id}`, `${world.prefix}event:${data[1]?.id}`);
  await cancelled();
  expect(await world.redis.zcard(`${world.prefix}events:default`)).toBe(4);
  expect((await list('?after=1')).data.map(({ sequence }) => sequence)).toEqual([3, 4, 5, 6]);
});

test('no event becomes visible behind one that was read: what happens at once is found without a gap', async () => {
  const jobs = await Promise.all(Array.from({ length: 40 }, async () => world.submit({})));
  const [before = 0] = (await list('?order=desc&limit=1')).data.map(({ sequence }) => sequence);
  const ending = Promise.all(jobs.map(async ({ id }) => world.call('POST', `/v1/jobs/${id}/cancel`)));
  const seen: number[] = [];
  while (seen.length < jobs.length) {
    const { data } = await list(`?limit=7&after=${seen.at(-1) ?? before}`);
    seen.push(...data.map(({ sequence }) => sequence));
  }
  await ending;
  expect(seen).toEqual(jobs.map((_, i) => before + 1 + i));
});

test('an event has less than 20 kB, whatever its job is called: what is too long is left out, and named', async () => {
  const pairs = Array.from({ length: 16 }, (_, i) => [`${i}${'字'.repeat(60)}`, '字'.repeat(512)]);
  const { id } = await world.submit({ custom_id: '字'.repeat(512), metadata: Object.fromEntries(pairs) });
  await world.call('POST', `/v1/jobs/${id}/cancel`);
  const event = (await list('?order=desc&limit=1')).data[0];
  expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThan(20_000);
  expect(event?.data).toMatchObject({ id, metadata: null, left_out: ['metadata'] });
});
