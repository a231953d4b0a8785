import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createBatch, endedBatch, lines, type Refusal } from '../../../test/batch-calls.js';
import { createWorld, type World } from '../../../test/world.js';

/** What failed of a batch by reason, and lines by their place: what a page needs that shows a few of many thousands. */

interface Failures {
  readonly data: {
    code: string;
    message: string | null;
    count: number;
    lines: { line: number; job_id: string; custom_id: string | null }[];
  }[];
  readonly has_more: boolean;
  readonly last_id: string | null;
}

let world: World;
beforeAll(async () => {
  world = await createWorld({ account: { limits: { concurrency: 8 } } });
});
afterAll(async () => world.close());

const failures = async (id: string, query = ''): Promise<Failures> =>
  (await world.call<Failures>('GET', `/v1/batches/${id}/failures${query}`)).body;
test('groups have code, count and first lines; a retry empties the group that it takes', async () => {
  const rule = (word: string, kind: string) => ({ when: { promptIncludes: word }, fault: { kind } });
  await world.simulator.faults([rule('poison', 'moderation_blocked'), rule('poor', 'insufficient_quota')] as never);
  const bad = lines(1, 'too large').map((row) => ({ ...row, body: { ...row.body, size: '7x7' } }));
  const requests = [...lines(3, 'good'), ...lines(25, 'poison'), ...bad, ...lines(2, 'fine')];
  const { id } = await createBatch(world, { requests });
  expect((await endedBatch(world, id)).request_counts).toMatchObject({ completed: 5, failed: 26 });
  const { data, has_more } = await failures(id);
  expect(has_more).toBe(false);
  expect(data.map(({ code, count }) => [code, count])).toEqual([
    ['moderation_blocked', 25],
    ['invalid_size', 1],
  ]);
  expect(data[0]?.message).toMatch(/\w/);
  expect(data[0]?.lines).toHaveLength(20);
  expect(data[0]?.lines[0]).toEqual({ line: 4, job_id: `${id.replace('batch', 'job')}-4`, custom_id: 'poison 1' });
  // From a line on: what comes behind it.
  const { data: behind } = await failures(id, `?after=${data[0]?.lines[9]?.job_id}`);
  expect(behind.map(({ count }) => count)).toEqual([15, 1]);
  await world.simulator.faults([]);
  await world.call('POST', `/v1/batches/${id}/retry`, { error_code: 'moderation_blocked' });
  await endedBatch(world, id);
  expect((await failures(id)).data.map(({ code }) => code)).toEqual(['invalid_size']);
});

describe('refused', () => {
  test.each(['status=queued&offset=1', 'error_code=cancelled&offset=1', 'offset=-1', 'offset=1000001'])(
    'GET /v1/batches/{id}/jobs?%s',
    async (query) => {
      const { id } = await createBatch(world, { requests: lines(1, 'one') });
      const { status, body } = await world.call<Refusal>('GET', `/v1/batches/${id}/jobs?${query}`);
      expect([status, body.error.param]).toEqual([400, 'offset']);
    },
  );
});
