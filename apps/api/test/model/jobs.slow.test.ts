import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { FaultRule } from '@rendermill/simulator';
import { fc, isFixedRound, runs } from '../../../../test/properties.js';
import type { Received } from '../../../../test/receiver.js';
import { until } from '../../../../test/until.js';
import { register } from '../../../../test/webhook-calls.js';
import { createWorld, type World } from '../../../../test/world.js';
import { jobCommands } from './job-commands.js';
import { see, type Model, type ModelJob } from './job-model.js';

/** Jobs in any order of what may be asked of them, with a worker and a provider that work meanwhile, against a model. */

const rules: FaultRule[] = [
  { when: { promptIncludes: 'refused' }, fault: { kind: 'moderation_blocked' } },
  { when: { promptIncludes: 'held' }, fault: { kind: 'hang_before_headers' } },
  { when: { promptIncludes: 'cut' }, fault: { kind: 'reset_before_headers' } },
];

let world: World;
beforeAll(async () => {
  world = await createWorld({ simulator: ['--pool', '2k'], account: { limits: { concurrency: 50 } } });
  await register(world, '/told', ['job.completed', 'job.failed', 'job.cancelled']);
});
afterAll(async () => world.close());

/** Lets everything come to its end. */
async function settle({ jobs }: Model): Promise<void> {
  await world.simulator.faults(rules.filter(({ fault }) => fault.kind !== 'hang_before_headers'));
  for (const job of jobs) {
    job.free = true;
    await until(async () => {
      await world.simulator.release();
      see(job, (await world.call<Parameters<typeof see>[1]>('GET', `/v1/jobs/${job.id}?wait=1`)).body);
      return job.ended !== null;
    });
  }
}

/** What the provider charged is what the jobs say was paid. */
async function expectHonestBooks({ jobs }: Model): Promise<void> {
  const charged = (await world.simulator.ledger()).filter((entry) => entry.charged);
  for (const { prompt, paid } of jobs)
    expect([prompt, paid]).toEqual([prompt, charged.filter((entry) => entry.prompt === prompt).length]);
}

/** Each generation's end was told once: so often as it had to be sent, under one id. */
async function expectToldOnce({ id, generation, ended }: ModelJob): Promise<void> {
  const ofJob = ({ event }: Received): boolean => event.data['id'] === id;
  const told = (): Map<string, Received> =>
    new Map(world.receiver.received.filter(ofJob).map((one) => [one.event.id, one]));
  await until(() => told().size >= generation);
  const ends = [...told().values()].map(({ event }) => event.data as { generation: number; status: string });
  expect(ends.map((one) => one.generation).sort((a, b) => a - b)).toEqual(
    Array.from({ length: generation }, (_, i) => i + 1),
  );
  expect(ends.find((one) => one.generation === generation)?.status).toBe(ended);
}

test('a job does what its model may, whatever it is asked and when', async () => {
  let run = 0;
  const reached = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.commands(jobCommands, { maxCommands: 25, size: 'max' }), async (commands) => {
      const model: Model = { jobs: [], keys: new Map() };
      run += 1;
      await world.simulator.faults(rules);
      await fc.asyncModelRun(() => ({ model, real: { world, run, reached } }), commands);
      await settle(model);
      await expectHonestBooks(model);
      for (const job of model.jobs) await expectToldOnce(job);
      // Calls that are cut are the account's own failures: the next run begins with a clean sheet.
      await world.redis.unlink(`${world.prefix}account:sim:circuit`, `${world.prefix}account:sim:park`);
    }),
    { numRuns: runs(15) },
  );
  // Which others come is a matter of who is first.
  const answers = ['create 202 repeated', 'create 422 repeated', 'cancel taken'];
  if (isFixedRound) expect([...reached]).toEqual(expect.arrayContaining(answers));
});
