import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

/** A job of several pictures where the provider makes one a call: side by side, within every limit. */
const relay = { preset: 'cometapi', limits: { concurrency: 4 } };
const hang = { kind: 'hang_before_headers' } as const;

describe('four pictures at a relay of one a call', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ account: relay });
  });
  afterAll(async () => world.close());
  beforeEach(async () => world.simulator.faults([]));

  test('are four calls at the same time', async () => {
    await world.simulator.faults([{ fault: hang }]);
    const { id } = await world.submit({ prompt: 'all at once', n: 4 });
    // None is answered before all have come.
    await until(async () => (await world.simulator.stats()).held === 4);
    await world.simulator.release();
    const job = await world.ended(id);
    expect([job.status, job.images.map(({ index }) => index), job.paid_attempts]).toEqual([
      'completed',
      [0, 1, 2, 3],
      4,
    ]);
    expect(new Set(job.images.map(({ sha256 }) => sha256)).size).toBe(4);
    expect(job.attempts.map(({ outcome }) => outcome)).toEqual(Array(4).fill('billed'));
    const charges = (await world.simulator.ledger()).filter(({ prompt }) => prompt === 'all at once');
    expect(charges.map(({ n }) => n)).toEqual([1, 1, 1, 1]);
  });

  test('of which one is refused: the others are kept and not paid again by a retry', async () => {
    const prompt = 'one of four';
    await world.simulator.faults([
      { when: { promptIncludes: prompt }, times: 1, fault: { kind: 'moderation_blocked' } },
    ]);
    const { id } = await world.submit({ prompt, n: 4 });
    const first = await world.ended(id);
    expect([first.status, first.error?.code]).toEqual(['failed', 'moderation_blocked']);
    expect(first.paid_attempts).toBe(first.images.length);
    await world.call('POST', `/v1/jobs/${id}/retry`);
    const job = await world.ended(id);
    expect([job.status, job.images.length, job.paid_attempts]).toEqual(['completed', 4, 4]);
    const charged = (await world.simulator.ledger()).filter((entry) => entry.prompt === prompt && entry.charged);
    expect(charged).toHaveLength(4);
  });

  test('of which one gets no answer: only that one is bought again, and each call has a cap of its own', async () => {
    const prompt = 'one falls';
    await world.simulator.faults([
      { when: { promptIncludes: prompt }, times: 1, fault: { kind: 'reset_before_headers' } },
    ]);
    const job = await world.ended((await world.submit({ prompt, n: 4 })).id);
    expect([job.status, job.images.length, job.paid_attempts]).toEqual(['completed', 4, 5]);
    const charged = (await world.simulator.ledger()).filter((entry) => entry.prompt === prompt && entry.charged);
    expect(charged).toHaveLength(5);
  });

  test('cancelled while they are made: all that was sent is kept', async () => {
    await world.simulator.faults([{ fault: hang }]);
    const { id } = await world.submit({ prompt: 'too late', n: 4 });
    await until(async () => (await world.simulator.stats()).held === 4);
    expect((await world.call('POST', `/v1/jobs/${id}/cancel`)).status).toBe(202);
    await world.simulator.release();
    const job = await world.ended(id);
    expect([job.status, job.images.length]).toEqual(['completed', 4]);
  });
});

test('never more calls at once than the account allows, and a limit of one holds nobody up for ever', async () => {
  const world = await createWorld({
    account: { ...relay, limits: { concurrency: 2 } },
    env: { WORKER_CONCURRENCY: '1' },
  });
  const jobs = await Promise.all([3, 2, 4].map(async (n) => world.submit({ prompt: `${n} of them`, n })));
  const ended = await Promise.all(jobs.map(async ({ id }) => world.ended(id)));
  expect(ended.map(({ status, images }) => [status, images.length])).toEqual([
    ['completed', 3],
    ['completed', 2],
    ['completed', 4],
  ]);
  expect((await world.simulator.stats()).max_in_flight).toBeLessThanOrEqual(2);
  await world.close();
});

test('calls beyond a limit of requests a minute wait in the queue, with what is made stored', async () => {
  const world = await createWorld({ account: { ...relay, limits: { concurrency: 4, requests_per_minute: 3 } } });
  const { id } = await world.submit({ prompt: 'five in a minute of three', n: 5 });
  const found = async () => (await world.call<{ status: string; images: unknown[] }>('GET', `/v1/jobs/${id}`)).body;
  await until(async () => (await found()).images.length === 3);
  await until(async () => (await found()).status === 'queued');
  expect((await world.simulator.stats()).requests).toBe(3);
  await world.close();
});
