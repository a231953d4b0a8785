import { rm } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { createBatch, lines } from '../../../test/batch-calls.js';
import { createWorld } from '../../../test/world.js';
import { rendermillOf } from './run.js';

test('watch tells the rate, the time left and what holds the batch back', async () => {
  // One call after the other: as many lines as last long enough for a rate.
  const world = await createWorld({ simulator: ['--latency', '400'], account: { limits: { concurrency: 1 } } });
  const rendermill = await rendermillOf(world);
  try {
    const { id } = await createBatch(world, { requests: lines(20, 'mug') });
    const { code, err } = await rendermill(['watch', id]);
    expect(code).toBe(0);
    const line =
      /^\[#+\.*\] \d+ % {2}\d+\/20 {2}[\d.]+ a minute {2}\d+ (s|min) left {2}\$0\.\d+ spent {2}limit: calls at once$/m;
    expect(err).toMatch(line);
  } finally {
    await world.close();
    await rm(rendermill.folder, { recursive: true });
  }
});
