import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { z } from 'zod';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import type { unknownAttempt } from '../src/http/usage-schemas.js';
import { createWorld, type World } from '../../../test/world.js';

/** Calls that may have been billed and brought nothing: what a refund claim needs. */

type Row = z.output<typeof unknownAttempt>;
interface List {
  data: Row[];
  last_id: string | null;
  has_more: boolean;
}

let world: World;
let jobs: PresentedJob[];
beforeAll(async () => {
  world = await createWorld();
  await world.simulator.faults([
    { when: { promptIncludes: 'cut' }, fault: { kind: 'reset_in_body' } },
    { when: { promptIncludes: 'gateway' }, fault: { kind: 'html_504' } },
  ]);
  const low = { size: '1024x1024', quality: 'low', on_unknown_outcome: 'fail' };
  jobs = [];
  for (const [i, prompt] of ['cut', 'gateway', 'cut again', 'well'].entries()) {
    const job = await world.submit({ ...low, prompt, custom_id: `c${i}` });
    jobs.push(await world.ended(job.id));
  }
});
afterAll(async () => world.close());

const list = async (query: string): Promise<List> =>
  (await world.call<List>('GET', `/v1/usage?outcome=unknown&${query}`)).body;

test('are listed newest first, with what the provider can find them by', async () => {
  const { data, has_more } = await list('');
  expect(data.map(({ custom_id }) => custom_id)).toEqual(['c2', 'c1', 'c0']);
  expect(has_more).toBe(false);
  const gateway = (await world.simulator.ledger()).find(({ prompt }) => prompt === 'gateway');
  expect(data[1]).toMatchObject({
    id: `${jobs[1]?.id}-1`,
    job_id: jobs[1]?.id,
    number: 1,
    provider: 'sim',
    model: 'gpt-image-1',
    images: 1,
    http_status: 504,
    provider_request_id: gateway?.request_id,
    code: 'outcome_unknown',
    estimated_cost: 0.010_925,
  });
  expect(data[1]?.message).toContain('504');
});

test('stand for every charge of the provider that brought no picture', async () => {
  const charged = (await world.simulator.ledger()).filter((entry) => entry.charged && entry.outcome !== 'ok');
  const { data } = await list('');
  const named = data.flatMap(({ provider_request_id }) => provider_request_id ?? []);
  expect(data).toHaveLength(charged.length);
  expect(charged.map(({ request_id }) => request_id)).toEqual(expect.arrayContaining(named));
});

test('are paged as every list, and filtered', async () => {
  const first = await list('limit=2&order=asc');
  expect([first.data.map(({ custom_id }) => custom_id), first.has_more]).toEqual([['c0', 'c1'], true]);
  const second = await list(`limit=2&order=asc&after=${first.last_id}`);
  expect([second.data.map(({ custom_id }) => custom_id), second.has_more]).toEqual([['c2'], false]);
  expect((await list('provider=elsewhere')).data).toEqual([]);
  expect((await list('model=gpt-image-1&start_time=1')).data).toHaveLength(3);
  expect((await list('end_time=1')).data).toEqual([]);
});

test('a page goes on where the one before ended, though that attempt has been forgotten meanwhile', async () => {
  const first = await list('limit=1');
  await world.redis.zrem(`${world.prefix}unknown:default`, `1:${jobs[2]?.id}`);
  expect((await list(`limit=1&after=${first.last_id}`)).data.map(({ custom_id }) => custom_id)).toEqual(['c1']);
});
