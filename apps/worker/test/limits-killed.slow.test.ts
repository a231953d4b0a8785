import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startApp, type AppProcess } from '../../../test/processes.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

/** A limit of five calls at once, shared by four worker processes of which one is killed: the provider is the judge. */
const limit = 5;
const doomed = 'place 12 of 40';
let world: World;
const workers: AppProcess[] = [];
beforeAll(async () => {
  world = await createWorld({
    worker: false,
    simulator: ['--concurrency', `${limit}`, '--latency', '200'],
    account: { limits: { concurrency: limit } },
  });
  await world.simulator.faults([
    { when: { promptIncludes: doomed }, times: 1, fault: { kind: 'hang_before_headers' } },
  ]);
  workers.push(...(await Promise.all(Array.from({ length: 4 }, async () => startApp('worker', world.env)))));
});
afterAll(async () => {
  await Promise.all(workers.map(async ({ kill }) => kill('SIGKILL')));
  await world.close();
});

test('is used in full and never exceeded, though one of them dies with a call in flight', async () => {
  const prompts = Array.from({ length: 40 }, (_, i) => `place ${i} of 40`);
  const jobs = await Promise.all(prompts.map(async (prompt) => world.submit({ prompt })));
  const victim = jobs[prompts.indexOf(doomed)]?.id ?? '';
  await until(async () => (await world.simulator.stats()).held === 1);
  const owner = await world.redis.hget(`${world.prefix}job:${victim}`, 'worker');
  const process_ = workers.find(({ log }) => log.some((line) => line.includes(`"${owner}"`)));
  await process_?.kill('SIGKILL');

  const ended = await Promise.all(jobs.map(async ({ id }) => world.ended(id)));
  expect(ended.map(({ status }) => status)).toEqual(jobs.map(() => 'completed'));
  const attempts = ended.find(({ id }) => id === victim)?.attempts;
  expect(attempts?.map(({ outcome }) => outcome)).toEqual(['unknown', 'billed']);
  const { max_in_flight, rejected_429, charged } = await world.simulator.stats();
  expect([max_in_flight, rejected_429]).toEqual([limit, 0]);
  // What died with the worker counts as paid whether the provider came to charge for it or not.
  const paid = ended.reduce((sum, { paid_attempts }) => sum + paid_attempts, 0);
  const unknown = ended.flatMap((job) => job.attempts.filter(({ outcome }) => outcome === 'unknown')).length;
  expect(paid).toBeGreaterThanOrEqual(charged);
  expect(paid - charged).toBeLessThanOrEqual(unknown);
}, 120_000);
