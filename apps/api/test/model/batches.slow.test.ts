import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import type { FaultRule } from '@rendermill/simulator';
import { fc, isFixedRound, runs } from '../../../../test/properties.js';
import type { Received } from '../../../../test/receiver.js';
import { until } from '../../../../test/until.js';
import { register } from '../../../../test/webhook-calls.js';
import { createWorld, type World } from '../../../../test/world.js';
import { batchCommands, get } from './batch-commands.js';
import type { BatchesModel, ModelBatch, SeenBatch } from './batch-model.js';

/** Batches in any order of what may be asked of them, while they are worked on, against a model. */

const refused: FaultRule = { when: { promptIncludes: 'refused' }, fault: { kind: 'moderation_blocked' } };
const held: FaultRule = { when: { promptIncludes: 'held' }, fault: { kind: 'hang_before_headers' } };

let world: World;
beforeAll(async () => {
  world = await createWorld({ simulator: ['--pool', '2k'], account: { limits: { concurrency: 50 } } });
  await register(world, '/told', ['batch.completed', 'batch.cancelled']);
});
afterAll(async () => world.close());

/** Lets everything come to its end. */
async function settle({ batches }: BatchesModel): Promise<void> {
  await world.simulator.faults([refused]);
  for (const batch of batches) {
    if (batch.paused) {
      await world.call('POST', `/v1/batches/${batch.id}/resume`);
      batch.paused = false;
    }
    await until(async () => {
      await world.simulator.release();
      await get(batch, { world }, '?wait=1');
      return batch.ended !== null;
    });
  }
}

/** Each line is there once, as the counts say; a picture was bought once, and for a bad line nothing. */
async function expectWholeBooks({ id, lines: sent }: ModelBatch): Promise<void> {
  const batch = await world.call<SeenBatch>('GET', `/v1/batches/${id}`);
  const lines = batch.body.in_progress_at === null ? [] : sent;
  const { body } = await world.call<{ data: PresentedJob[] }>('GET', `/v1/batches/${id}/jobs?limit=100&order=asc`);
  expect(body.data.map(({ line }) => line)).toEqual(lines.map((_, i) => i + 1));
  const count = (status: string): number => body.data.filter((one) => one.status === status).length;
  expect(batch.body.request_counts).toMatchObject({
    total: lines.length,
    completed: count('completed'),
    failed: count('failed') + count('expired'),
    cancelled: count('cancelled'),
  });
  const charged = (await world.simulator.ledger()).filter((entry) => entry.charged);
  for (const row of body.data) {
    const bought = charged.filter(({ prompt }) => prompt !== null && prompt === row.request?.prompt).length;
    expect([row.id, row.status, row.paid_attempts]).toEqual([row.id, row.status, bought]);
    expect([row.id, bought]).toEqual([row.id, row.status === 'completed' ? 1 : 0]);
  }
}

async function expectToldOnce({ id, generation, ended }: ModelBatch): Promise<void> {
  const ofBatch = ({ event }: Received): boolean => event.data['id'] === id;
  const told = (): Map<string, string> =>
    new Map(world.receiver.received.filter(ofBatch).map(({ event }) => [event.id, event.type]));
  await until(() => told().size >= generation);
  expect(told().size).toBe(generation);
  expect([...told().values()]).toContain(`batch.${ended}`);
}

test('a batch does what its model may, whatever it is asked and when', async () => {
  let run = 0;
  const reached = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.commands(batchCommands, { maxCommands: 25, size: 'max' }), async (commands) => {
      const model: BatchesModel = { batches: [], keys: new Map() };
      run += 1;
      await world.simulator.faults([refused, held]);
      await fc.asyncModelRun(() => ({ model, real: { world, run, reached } }), commands);
      await settle(model);
      for (const batch of model.batches) {
        await expectWholeBooks(batch);
        await expectToldOnce(batch);
      }
    }),
    { numRuns: runs(15) },
  );
  // Which others come is a matter of who is first.
  const answers = ['create 200', 'create 422 repeated', 'cancel 200', 'retry 409'];
  if (isFixedRound) expect([...reached]).toEqual(expect.arrayContaining(answers));
});
