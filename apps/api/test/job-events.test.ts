import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { createBatch, endedBatch, line } from '../../../test/batch-calls.js';
import { followEvents, type FollowOptions, type ToldEvent } from '../../../test/follow-events.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

/** `/v1/jobs/{id}/events`: what is told of a job while it runs. */

type Told = ToldEvent<{ job: PresentedJob }>;

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(async () => world.close());

const follow = async (id: string, options: FollowOptions<Told> = {}): Promise<Told[]> =>
  followEvents(world, `/v1/jobs/${id}/events`, options);
const statuses = (told: readonly Told[]): string[] => [...new Set(told.map(({ data }) => data.job.status))];
const generation = { type: 'generation', model: 'gpt-image-1', quality: 'low', size: '1024x1024' };

const hold = async (words: string): Promise<void> =>
  world.simulator.faults([{ when: { promptIncludes: words }, fault: { kind: 'hang_before_headers' } }]);
const letGo = async (): Promise<void> => {
  await world.simulator.faults([]);
  await world.simulator.release();
};

test('each change of a job is told once, in order, until it has ended', async () => {
  await hold('watched');
  const { id } = await world.submit({ ...generation, prompt: 'watched' });
  const first = await follow(id, { enough: (told) => told.at(-1)?.data.job.status === 'in_progress' });
  const rest = follow(id, { lastEventId: String(first.at(-1)?.id) });
  await letGo();
  const told = [...first, ...(await rest)];
  expect(told.map(({ event, id: number, data }) => [event, number === data.sequence, data.job.id])).toEqual(
    told.map(() => ['job', true, id]),
  );
  const numbers = told.map(({ id: number }) => number);
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  expect(statuses(told).slice(-2)).toEqual(['in_progress', 'completed']);
  expect(told.at(-1)?.data.job.images[0]?.url).toMatch(/^http/);
  // Who comes when all is over is told the end; who has seen it, nothing.
  expect(statuses(await follow(id))).toEqual(['completed']);
  expect(await follow(id, { after: String(numbers.at(-1)) })).toEqual([]);
});

test('of a retried job the new generation is told to who has seen the end of the old one', async () => {
  await world.simulator.faults([{ when: { promptIncludes: 'refused' }, fault: { kind: 'moderation_blocked' } }]);
  const { id } = await world.submit({ ...generation, prompt: 'refused' });
  const [end] = (await follow(id)).slice(-1);
  expect(end?.data.job).toMatchObject({ status: 'failed', generation: 1 });
  await world.simulator.faults([]);
  await world.call('POST', `/v1/jobs/${id}/retry`);
  const again = await follow(id, { after: String(end?.id) });
  expect(again.at(-1)?.data.job).toMatchObject({ status: 'completed', generation: 2 });
});

test('a line of a batch is told while it is a job and after it is one no more', async () => {
  await hold('lines');
  const requests = [line('sku 1', { prompt: 'lines 1' }), line('sku 2', { prompt: 'lines 2' })];
  const batch = await createBatch(world, { requests });
  await until(async () => (await world.simulator.stats()).held === 2);
  const found = await world.call<{ data: PresentedJob[] }>('GET', `/v1/batches/${batch.id}/jobs`);
  const { id = '' } = found.body.data[1] ?? {};
  const following = follow(id);
  await letGo();
  const told = await following;
  await endedBatch(world, batch.id);
  expect(told.at(-1)?.data.job).toMatchObject({ status: 'completed', custom_id: 'sku 2', batch_id: batch.id });
  const [again] = await follow(id);
  expect(again).toMatchObject({ id: told.at(-1)?.id, data: { job: { status: 'completed' } } });
});

test('there is no stream of a job that is none, and a number that is none is 400', async () => {
  expect((await world.call('GET', '/v1/jobs/job_none/events')).status).toBe(404);
  const { id } = await world.submit({ ...generation, prompt: 'one' });
  expect((await world.call('GET', `/v1/jobs/${id}/events?after=x`)).status).toBe(400);
  await world.ended(id);
});

test('a key that is revoked hears nothing more', async () => {
  await hold('secret');
  const made = await world.call<{ id: string; key: string }>('POST', '/v1/api_keys', {
    name: 'watcher',
    project: 'default',
    mode: 'live',
    scopes: ['jobs:read'],
  });
  const { id } = await world.submit({ ...generation, prompt: 'secret' });
  let revoked = false;
  const told = await follow(id, {
    key: made.body.key,
    enough: (some) => {
      if (!revoked && some.length > 0) {
        revoked = true;
        void world.call('DELETE', `/v1/api_keys/${made.body.id}`);
      }
      return false;
    },
  });
  // It is over, though the job is not.
  expect(statuses(told)).not.toContain('completed');
  expect((await world.call<PresentedJob>('GET', `/v1/jobs/${id}`)).body.status).toBe('in_progress');
  await letGo();
  await world.ended(id);
});

test('a client that leaves is not an error of ours', () => {
  expect(world.logs.filter(({ event }) => event === 'request.failed')).toEqual([]);
});
