import { expect, test } from '@jest/globals';
import type { Loop } from '../src/consumers/loop.js';
import { watchdog } from '../src/consumers/watchdog.js';
import { createLogger } from '@rendermill/shared/observability/log';
import { until } from '../../../test/until.js';

const limitMs = 40;
const log = createLogger('silent', 'worker');
const redisUrl = process.env['TEST_REDIS_URL'] ?? '';

let loop: Loop | undefined;
/** How often it looked, and how often it asked for the end. */
function watch(url: string, fedAt: () => number): { looks: number; ends: number } {
  const seen = { looks: 0, ends: 0 };
  loop = watchdog({
    fedAt: () => (seen.looks++, fedAt()),
    limitMs,
    redisUrl: url,
    log,
    onStarved: () => void seen.ends++,
  }).start();
  return seen;
}

async function looks(seen: { looks: number }, count: number): Promise<void> {
  await until(() => seen.looks >= count);
  await loop?.stop();
}

test('a worker that starves beside a Redis that answers is ended, once', async () => {
  const seen = watch(redisUrl, () => 0);
  await looks(seen, 5);
  expect(seen.ends).toBe(1);
});

test('a worker that takes entries lives on', async () => {
  const seen = watch(redisUrl, () => Date.now());
  await looks(seen, 5);
  expect(seen.ends).toBe(0);
});

test('a worker that starves because Redis is away waits with it', async () => {
  const seen = watch('redis://127.0.0.1:1', () => 0);
  await until(() => seen.looks >= 1);
  await loop?.stop();
  expect(seen.ends).toBe(0);
});
