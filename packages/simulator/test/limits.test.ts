import { describe, expect, test } from '@jest/globals';
import { SlidingWindow } from '../src/books/sliding-window.js';
import { generate, jsonOf, simulate, simulateFault, statusOf } from './support.js';
import { until } from '../../../test/until.js';

describe('limits', () => {
  test('one request too many at the same time is a 429', async () => {
    const simulator = await simulate({ latencyMs: 1_000, limits: { concurrency: 2 } });
    const statuses = await Promise.all([1, 2, 3].map(async () => await statusOf(simulator)));
    expect(statuses.filter((status) => status === 429)).toHaveLength(1);
    expect(simulator.stats).toMatchObject({ rejected_429: 1, charged: 2 });
  });

  test('a place is free as soon as its answer is complete', async () => {
    const simulator = await simulate({ limits: { concurrency: 1 }, images: { pool: { bytes: 3_000_000 } } });
    for (let i = 0; i < 30; i++) {
      const response = await generate(simulator, { size: '1024x1024' });
      await response.arrayBuffer();
      expect(response.status).toBe(200);
    }
  });

  test('each key has limits of its own', async () => {
    const simulator = await simulate({ limits: { requestsPerMinute: 1 } });
    const status = async (key: string): Promise<number> =>
      await statusOf(simulator, {}, { authorization: `Bearer ${key}` });
    expect([await status('one'), await status('other'), await status('one')]).toEqual([200, 200, 429]);
  });

  test('each model of a key has limits of its own where it is told so', async () => {
    const simulator = await simulate({ limits: { requestsPerMinute: 1, perModel: true } });
    const status = async (model: string): Promise<number> => await statusOf(simulator, { model });
    expect([await status('gpt-image-1'), await status('gpt-image-2'), await status('gpt-image-1')]).toEqual([
      200, 200, 429,
    ]);
  });

  test('requests per minute end in a 429 that tells when to come again', async () => {
    const simulator = await simulate({ limits: { requestsPerMinute: 2 } });
    const first = await generate(simulator);
    await first.arrayBuffer();
    await statusOf(simulator);
    const refused = await generate(simulator);
    const { error } = await jsonOf(refused);
    expect(first.headers.get('x-ratelimit-limit-requests')).toBe('2');
    expect(first.headers.get('x-ratelimit-remaining-requests')).toBe('1');
    expect(refused.status).toBe(429);
    expect(error).toMatchObject({ type: 'requests', param: null, code: 'rate_limit_exceeded' });
    expect(error?.message).toMatch(/Limit 2, Used 2, Requested 1\. Please try again in (5\d(\.\d)?|60)s\. Visit/);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(59);
    expect(refused.headers.get('x-ratelimit-remaining-requests')).toBe('0');
    expect(refused.headers.get('x-ratelimit-reset-requests')).toMatch(/^\d+(\.\d)?s$/);
    expect(simulator.ledger.map((entry) => entry.outcome)).toEqual(['ok', 'ok', 'rate_limit_exceeded']);
  });

  test('images per minute count n, and what was refused counts nothing', async () => {
    const simulator = await simulate({ limits: { imagesPerMinute: 5 } });
    const status = async (n: number): Promise<number> => await statusOf(simulator, { n });
    expect([await status(3), await status(3), await status(2), await status(1)]).toEqual([200, 429, 200, 429]);
    expect(simulator.stats.max_images_per_minute).toBe(5);
  });

  test('the telling headers can be switched off', async () => {
    const simulator = await simulate({ limits: { requestsPerMinute: 0, retryAfter: false, headers: false } });
    const response = await generate(simulator);
    await response.arrayBuffer();
    const names = [...response.headers.keys()];
    expect(names.filter((name) => /retry-after|ratelimit/.test(name))).toEqual([]);
  });

  test('a request that waits for a fault keeps its place', async () => {
    const simulator = await simulateFault({ kind: 'hang_before_headers' }, { limits: { concurrency: 1 } });
    const first = statusOf(simulator);
    await until(() => simulator.stats.in_flight === 1);
    expect(await statusOf(simulator)).toBe(429);
    simulator.release();
    expect(await first).toBe(200);
  });
});

describe('the sliding window', () => {
  test('lets in again what leaves it, to the millisecond', () => {
    const window = new SlidingWindow();
    window.add(0, 1);
    window.add(10_000, 2);
    expect(window.waitFor(20_000, 1, 4)).toBe(0);
    expect(window.waitFor(20_000, 1, 3)).toBe(40_000);
    expect(window.waitFor(20_000, 2, 3)).toBe(50_000);
    expect([window.sum(59_999), window.sum(60_000), window.sum(70_000)]).toEqual([3, 2, 0]);
  });

  test('never lets more than the limit into any minute', () => {
    const window = new SlidingWindow();
    const admitted: number[] = [];
    for (let now = 0; now < 600_000; now += 137) {
      if (window.waitFor(now, 1, 50) > 0) continue;
      window.add(now, 1);
      admitted.push(now);
    }
    const crowded = admitted.filter((at, i) => at - (admitted[i - 50] ?? -Infinity) < 60_000);
    expect(crowded).toEqual([]);
    expect(admitted.length).toBeGreaterThan(450);
  });
});
