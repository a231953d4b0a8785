import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createBatch, endedBatch, jsonl, lines, upload } from '../../../test/batch-calls.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

/** What failed of a batch of thousands by reason, and its lines by their place. */

interface Failures {
  readonly data: { code: string; count: number }[];
  readonly has_more: boolean;
  readonly last_id: string | null;
}

interface Rows {
  readonly data: { line: number; status: string }[];
  readonly has_more: boolean;
}

let world: World;
beforeAll(async () => {
  world = await createWorld({ account: { limits: { concurrency: 8 } } });
});
afterAll(async () => world.close());

const failures = async (id: string, query = ''): Promise<Failures> =>
  (await world.call<Failures>('GET', `/v1/batches/${id}/failures${query}`)).body;
const numbers = async (id: string, query: string): Promise<number[]> =>
  (await world.call<Rows>('GET', `/v1/batches/${id}/jobs?${query}`)).body.data.map(({ line }) => line);

test('over more lines than one request reads the pages add up, and what was never begun costs no reading', async () => {
  // Lines that cannot be jobs fail without a call: they are cheap to have by the thousand.
  const bad = lines(2_300, 'bad').map((row) => ({ ...row, body: { ...row.body, size: '7x7' } }));
  await world.simulator.faults([{ when: { promptIncludes: 'stuck' }, fault: { kind: 'hang_before_headers' } }]);
  const file = await upload(world, jsonl([...bad, ...lines(40, 'stuck'), ...lines(3_000, 'never')]), 'many.jsonl');
  const { id } = await createBatch(world, { input_file_id: file });
  const failed = async () =>
    (await world.call<{ request_counts: { failed: number } }>('GET', `/v1/batches/${id}`)).body.request_counts.failed;
  await until(async () => (await failed()) === 2_300);
  await world.call('POST', `/v1/batches/${id}/cancel`);
  await world.simulator.faults([]);
  await world.simulator.release();
  const { request_counts: counts } = (await endedBatch(world, id)) as never as {
    request_counts: { failed: number; cancelled: number };
  };
  const sums = new Map<string, number>();
  let query = '';
  let pages = 0;
  for (;;) {
    const { data, has_more, last_id } = await failures(id, query);
    pages++;
    for (const { code, count } of data) sums.set(code, (sums.get(code) ?? 0) + count);
    if (!has_more) break;
    query = `?after=${last_id}`;
  }
  expect(pages).toBe(2);
  expect(Object.fromEntries(sums)).toEqual({ invalid_size: counts.failed, cancelled: counts.cancelled });

  expect(await numbers(id, 'offset=2299&limit=2')).toEqual([2_300, 2_301]);
  expect(await numbers(id, 'offset=5339&limit=5')).toEqual([5_340]);
  expect(await numbers(id, 'offset=5340&limit=5')).toEqual([]);
  expect(await numbers(id, 'status=failed&offset=2298&limit=5')).toEqual([2_299, 2_300]);
  expect((await numbers(id, 'status=cancelled&offset=100&limit=1'))[0]).toBeGreaterThan(2_400);
  expect(await numbers(id, 'offset=2&limit=1&order=desc')).toEqual([5_338]);
});
