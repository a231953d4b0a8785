import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { startApp, type AppProcess } from '../../../test/processes.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

/** kill -9 in the middle of a probe: it is gone on with, or says why not; nothing is bought twice, and nothing unseen. */

interface Probe {
  id: string;
  status: string;
  cost: number | null;
  calls: { came_to: string; job: string }[];
  error: { message: string } | null;
}

let world: World;
const workers: AppProcess[] = [];
const startWorker = async (): Promise<AppProcess> => {
  const worker = await startApp('worker', world.env);
  workers.push(worker);
  return worker;
};
beforeAll(async () => {
  world = await createWorld({ worker: false });
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map(async (worker) => worker.kill('SIGKILL')));
  await world.simulator.release();
});
afterAll(async () => world.close());

const current = async () => (await world.call<{ probe: Probe | null }>('GET', '/v1/providers/sim')).body.probe;
const over = async (): Promise<Probe> => {
  await until(async () => (await current())?.status !== 'running');
  return (await current()) as Probe;
};
async function start(): Promise<Probe> {
  const ask = async <T>(body: unknown) => (await world.call<T>('POST', '/v1/providers/sim/probe', body)).body;
  return ask<Probe>((await ask<{ consent: object }>({ model: 'gpt-image-1' })).consent);
}
const asked = (worker: AppProcess): number => worker.log.join('').split('probe.asked').length - 1;

test('between two of its calls: another worker makes the rest, each call once', async () => {
  const begun = await start();
  // The first call is to be made again: the worker dies while it waits for that.
  await world.simulator.faults([{ when: { path: '/images/generations' }, times: 1, fault: { kind: 'server_error' } }]);
  const first = await startWorker();
  await until(async () => {
    const job = (await current())?.calls[0]?.job ?? 'job_none';
    const { body } = await world.call<Partial<PresentedJob>>('GET', `/v1/jobs/${job}`);
    return body.status === 'queued' && body.attempts?.[0]?.outcome === 'rejected';
  });
  await first.kill('SIGKILL');
  const second = await startWorker();
  const probe = await over();
  expect(probe).toMatchObject({ id: begun.id, status: 'completed', error: null });
  expect(asked(first) + asked(second)).toBeGreaterThanOrEqual(2);
  const ledger = await world.simulator.ledger();
  expect(ledger.filter(({ charged }) => charged)).toHaveLength(2);
  expect(probe.cost).toBe(ledger.reduce((sum, { cost_micros }) => sum + cost_micros, 0) / 1_000_000);
}, 90_000);

test('while a call runs that may be billed: it ends, says so, and has bought nothing again', async () => {
  const before = (await world.simulator.stats()).charged;
  await world.simulator.faults([
    { when: { path: '/images/generations' }, times: 1, fault: { kind: 'hang_before_headers' } },
  ]);
  const begun = await start();
  const first = await startWorker();
  await until(async () => (await world.simulator.stats()).held === 1);
  await first.kill('SIGKILL');
  await startWorker();
  const probe = await over();
  expect(probe).toMatchObject({ id: begun.id, status: 'failed' });
  expect(probe.error?.message).toMatch(/It may have been billed/);
  expect((await world.simulator.stats()).charged).toBe(before + 1);
  const unknown = await world.call<{ data: { provider: string }[] }>('GET', '/v1/usage?outcome=unknown');
  expect(unknown.body.data).toHaveLength(1);
}, 90_000);

test('Redis lost while it ran: the bucket remembers it, as interrupted', async () => {
  await world.simulator.faults([{ when: { path: '/images/edits' }, times: 1, fault: { kind: 'hang_before_headers' } }]);
  const begun = await start();
  const worker = await startWorker();
  await until(async () => (await world.simulator.stats()).held === 1);
  await worker.kill('SIGKILL');
  for await (const keys of world.redis.scanStream({ match: `${world.prefix}*`, count: 1_000 }))
    if ((keys as string[]).length > 0) await world.redis.unlink(...(keys as string[]));
  await startWorker();
  await until(async () => (await current()) !== null);
  expect(await current()).toMatchObject({ id: begun.id, status: 'interrupted' });
}, 90_000);
