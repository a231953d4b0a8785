import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { startApp, type AppProcess } from '../../../test/processes.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

/** kill -9 at the stages of a job; recovery follows the liveness lease, and every charge is in our ledger. */

let world: World;
const workers: AppProcess[] = [];
const startWorker = async (env: Record<string, string> = {}): Promise<AppProcess> => {
  const worker = await startApp('worker', { ...world.env, ...env });
  workers.push(worker);
  return worker;
};
const read = async (id: string): Promise<PresentedJob> =>
  (await world.call<PresentedJob>('GET', `/v1/jobs/${id}`)).body;
const held = async () => (await world.simulator.stats()).held;
const charges = async (prompt: string) =>
  (await world.simulator.ledger()).filter((entry) => entry.prompt === prompt && entry.charged);

/** Our possibly billed attempts name every charge of the provider, and the job its one object. */
async function expectBooksToAgree(job: PresentedJob, paid: number): Promise<void> {
  const charged = await charges(job.request.prompt ?? '');
  expect(charged.length).toBeLessThanOrEqual(job.paid_attempts);
  expect(job.paid_attempts).toBe(paid);
  const objects: string[] = [];
  for await (const { key } of world.storage.list('default/jobs/')) {
    if (key.includes(job.id) && !key.endsWith('.json')) objects.push(key);
  }
  expect(objects).toEqual(job.images.map(({ key }) => key));
  if (job.status === 'completed') expect(charged.flatMap(({ sha256 }) => sha256)).toContain(job.images[0]?.sha256);
}

beforeAll(async () => {
  world = await createWorld({ worker: false, account: { limits: { concurrency: 20 } } });
});
afterAll(async () => {
  await Promise.all(workers.map(async (worker) => worker.kill('SIGKILL')));
  await world.close();
});

describe('kill -9 of the worker', () => {
  const jobs: Record<string, string> = {};
  const job = async (name: string): Promise<PresentedJob> => world.ended(jobs[name] ?? '');

  beforeAll(async () => {
    const once = (promptIncludes: string, fault: object) => ({ when: { promptIncludes }, times: 1, fault });
    await world.simulator.faults([
      once('no answer yet', { kind: 'hang_before_headers' }),
      once('half an answer', { kind: 'hang_in_body', afterBytes: 20_000 }),
      once('ask me first', { kind: 'hang_before_headers' }),
      once('refused so far', { kind: 'server_error' }),
    ] as never);
    const first = await startWorker();
    for (const prompt of ['no answer yet', 'half an answer', 'refused so far'])
      jobs[prompt] = (await world.submit({ prompt })).id;
    jobs['ask me first'] = (await world.submit({ prompt: 'ask me first', on_unknown_outcome: 'fail' })).id;
    await until(async () => (await held()) === 3);
    await until(async () => (await read(jobs['refused so far'] ?? '')).attempts[0]?.outcome === 'rejected');
    await first.kill('SIGKILL');
    await startWorker();
  }, 60_000);

  test('while the provider works on the call: counted as unknown, bought once more, and stored', async () => {
    const ended = await job('no answer yet');
    expect(ended).toMatchObject({ status: 'completed', attempts: [{ outcome: 'unknown' }, { outcome: 'billed' }] });
    await expectBooksToAgree(ended, 2);
  }, 60_000);

  test('in the middle of the answer: counted as unknown, bought once more, and stored', async () => {
    const ended = await job('half an answer');
    expect(ended).toMatchObject({ status: 'completed', attempts: [{ outcome: 'unknown' }, { outcome: 'billed' }] });
    await expectBooksToAgree(ended, 2);
  }, 60_000);

  test('while the call runs, for a job with on_unknown_outcome "fail": not bought again', async () => {
    const ended = await job('ask me first');
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'outcome_unknown' } });
    await expectBooksToAgree(ended, 1);
  }, 60_000);

  test('between two tries: the job is simply done by another', async () => {
    const ended = await job('refused so far');
    expect(ended).toMatchObject({ status: 'completed', attempts: [{ outcome: 'rejected' }, { outcome: 'billed' }] });
    await expectBooksToAgree(ended, 1);
  }, 60_000);

  test('usage counts each attempt once, and what the dead worker may have spent at its full price', async () => {
    const ended = await Promise.all(Object.keys(jobs).map(job));
    const attempts = ended.flatMap((one) => one.attempts);
    const { data } = (await world.call<{ data: unknown[] }>('GET', '/v1/usage?outcome=unknown')).body;
    const { total } = (await world.call<{ total: Record<string, unknown> }>('GET', '/v1/usage')).body;
    expect(data).toHaveLength(3);
    expect(total).toMatchObject({
      requests: attempts.length,
      outcomes: { billed: 3, unknown: 3, rejected: 1, not_sent: 0 },
      // Three pictures of 6,240 tokens at 40 dollars a million, and 32 tokens of text at 5.
      unknown: { requests: 3, cost: 0.748_96, unpriced: 0 },
    });
    expect((await world.simulator.ledger()).length).toBe(attempts.length);
  }, 60_000);

  test('is not held against the account: its last error is what it answered itself', async () => {
    const { body } = await world.call<{ data: { last_error: unknown }[] }>('GET', '/v1/providers');
    expect(body.data[0]?.last_error).toMatchObject({ code: 'provider_unavailable', http_status: 500 });
  });

  test('leaves no spool of the dead worker behind', async () => {
    const spools = join(world.env['RENDERMILL_DATA_DIR'] ?? '', 'spool');
    await until(async () => (await readdir(spools)).length === 1);
  }, 60_000);
});

describe('SIGTERM', () => {
  const hang = async (prompt: string) =>
    world.simulator.faults([{ when: { promptIncludes: prompt }, times: 1, fault: { kind: 'hang_before_headers' } }]);

  test('waits for the call in flight, stores its picture, and leaves nothing behind', async () => {
    await Promise.all(workers.splice(0).map(async (worker) => worker.kill('SIGTERM')));
    await hang('drained');
    const worker = await startWorker();
    const { id } = await world.submit({ prompt: 'drained' });
    await until(async () => (await held()) === 1);
    const ended = worker.kill('SIGTERM');
    await until(() => worker.log.join('').includes('worker.draining'));
    await world.simulator.release();
    expect(await ended).toBe(0);
    const job = await read(id);
    expect(job.status).toBe('completed');
    await expectBooksToAgree(job, 1);
    expect(await readdir(join(world.env['RENDERMILL_DATA_DIR'] ?? '', 'spool'))).toEqual([]);
  }, 60_000);

  test('gives jobs up after the grace, which are then taken up by another worker and counted', async () => {
    await hang('no grace');
    const worker = await startWorker({ SHUTDOWN_GRACE_MS: '500' });
    const { id } = await world.submit({ prompt: 'no grace' });
    await until(async () => (await held()) === 1);
    expect(await worker.kill('SIGTERM')).toBe(0);
    await startWorker();
    const job = await world.ended(id);
    expect(job).toMatchObject({ status: 'completed', attempts: [{ outcome: 'unknown' }, { outcome: 'billed' }] });
    await expectBooksToAgree(job, 2);
  }, 60_000);
});
