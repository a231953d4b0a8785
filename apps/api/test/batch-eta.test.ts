import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createBatch, getBatch, lines } from '../../../test/batch-calls.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

/** How long a batch still takes, told from the first few lines on. */

let world: World;
beforeAll(async () => {
  world = await createWorld({ account: { limits: { concurrency: 2 } } });
  await world.simulator.faults([{ when: { promptIncludes: 'stuck' }, fault: { kind: 'hang_before_headers' } }]);
});
afterAll(async () => world.close());

test('the time left is told as soon as a few lines have ended, at their rate, and not of a batch that is paused', async () => {
  const { id, eta_seconds } = await createBatch(world, { requests: [...lines(4, 'quick'), ...lines(8, 'stuck')] });
  const begun = Date.now();
  expect(eta_seconds).toBeNull();
  await until(async () => (await getBatch(world, id)).request_counts.completed === 4);
  const { eta_seconds: left } = await getBatch(world, id);
  expect(left).toBeGreaterThan(0);
  // Twice as many are left as have ended since some moment after it was submitted.
  expect(left).toBeLessThanOrEqual(Math.ceil((2 * (Date.now() - begun)) / 1_000));

  // It alone is no news to who has the rest.
  const { headers } = await world.call('GET', `/v1/batches/${id}`);
  await until(async () => ((await getBatch(world, id)).eta_seconds ?? 0) > (left ?? 0));
  const again = { 'if-none-match': headers.get('etag') ?? '' };
  expect((await world.call('GET', `/v1/batches/${id}`, undefined, again)).status).toBe(304);

  await world.call('POST', `/v1/batches/${id}/pause`);
  expect((await getBatch(world, id)).eta_seconds).toBeNull();
});
