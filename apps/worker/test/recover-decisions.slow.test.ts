import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { text } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import {
  createBatch,
  endedBatch,
  getBatch,
  jsonl,
  line,
  lines,
  upload,
  type BatchAnswer,
} from '../../../test/batch-calls.js';
import { startApp, type AppProcess } from '../../../test/processes.js';
import { loseRedis, recover, type Ran } from '../../../test/recovering.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

/** What was decided about batches outlives the loss of Redis: a pause, a cancel, a retry, an end. */

let world: World;
const workers: AppProcess[] = [];
const start = async (): Promise<void> => void workers.push(await startApp('worker', world.env));

const say = async (id: string, what: string, body: object = {}): Promise<void> => {
  const { status, body: said } = await world.call('POST', `/v1/batches/${id}/${what}`, body);
  if (status !== 200) throw new Error(`${what}: ${status} ${JSON.stringify(said)}`);
};
/** True once the bucket tells that much of a batch. */
const remembered = async (id: string, part: string): Promise<boolean> => {
  const object = await world.storage.get(`default/batches/${id}/batch.json`);
  return (await text(object?.body ?? Readable.from([]))).includes(part);
};
const held = async (): Promise<number> => (await world.simulator.stats()).held;
const done = async (id: string): Promise<number> => {
  const { completed, failed } = (await getBatch(world, id)).request_counts;
  return completed + failed;
};
const charged = async (part: string): Promise<number> =>
  (await world.simulator.ledger()).filter((entry) => entry.charged && entry.prompt?.includes(part)).length;
const rowsOf = async (id: string | null): Promise<Record<string, unknown>[]> => {
  if (id === null) return [];
  const { body } = await world.call<string>('GET', `/v1/files/${id}/content`);
  return body
    .trim()
    .split('\n')
    .map((row) => JSON.parse(row) as Record<string, unknown>);
};
const hang = (promptIncludes: string) => ({
  when: { promptIncludes },
  times: 1,
  fault: { kind: 'hang_before_headers' },
});
const refuse = (promptIncludes: string, times: number) => ({
  when: { promptIncludes },
  times,
  fault: { kind: 'moderation_blocked' },
});

const batches: Record<string, BatchAnswer> = {};
const id = (name: string): string => batches[name]?.id ?? '';
let whileAlive: Ran;
let beside: Ran;

beforeAll(async () => {
  world = await createWorld({
    worker: false,
    simulator: ['--latency', '20'],
    account: { limits: { concurrency: 6 } },
  });
  await world.simulator.faults([refuse('retried bad', 3), refuse('ended bad', 1)] as never);
  await start();
  const bad = (name: string, count: number) => lines(count, `${name} bad`);
  batches['retried'] = await createBatch(world, { requests: [...lines(5, 'retried good'), ...bad('retried', 3)] });
  batches['ended'] = await createBatch(world, { requests: [...lines(2, 'ended good'), ...bad('ended', 1)] });
  const twice = jsonl([line('same', { prompt: 'a' }), line('same', { prompt: 'b' })]);
  const input_file_id = await upload(world, twice, 'twice.jsonl');
  const endpoint = '/v1/images/generations';
  batches['invalid'] = await createBatch(world, { input_file_id, endpoint, completion_window: '24h' });
  for (const name of ['retried', 'ended', 'invalid']) batches[name] = await endedBatch(world, id(name));
  for (const name of ['ended', 'invalid']) await until(async () => remembered(id(name), '"state"'));

  await world.simulator.faults([hang('retried bad 2'), hang('cancelled 1 ')] as never);
  await say(id('retried'), 'retry');
  await until(async () => (await held()) === 1 && (await done(id('retried'))) === 7);
  batches['paused'] = await createBatch(world, { requests: lines(60, 'paused') });
  await until(async () => (await done(id('paused'))) >= 5);
  await say(id('paused'), 'pause');
  await until(async () => remembered(id('paused'), '"paused_at":1'));
  batches['cancelled'] = await createBatch(world, { requests: lines(200, 'cancelled', ' of many') });
  await until(async () => (await held()) === 2 && (await done(id('cancelled'))) >= 12);
  await say(id('cancelled'), 'cancel');
  await until(async () => remembered(id('cancelled'), '"cancelling"'));
  whileAlive = await recover(world);
  await Promise.all(workers.splice(0).map(async (worker) => worker.kill('SIGKILL')));
  batches['new'] = await createBatch(world, { requests: lines(3, 'new') });
  await loseRedis(world);
  await world.simulator.release();
  beside = await recover(world);
  await start();
}, 180_000);
afterAll(async () => {
  await Promise.all(workers.map(async (worker) => worker.kill('SIGKILL')));
  await world.close();
});

test('while a worker lives nothing is rebuilt', () => {
  expect(whileAlive).toMatchObject({ code: 2, out: '' });
  expect(whileAlive.err).toContain('stop them first');
});

test('it says what it did, and what nobody can rebuild', () => {
  expect(beside.code).toBe(0);
  expect(beside.out).toMatch(/3 running, 2 ended, 1 to be validated/);
  expect(beside.out).toContain('webhook endpoints');
});

test('a paused batch is paused, and goes on when it is resumed', async () => {
  const paused = await getBatch(world, id('paused'));
  expect(paused).toMatchObject({ status: 'in_progress', paused_at: expect.any(Number) });
  await say(id('paused'), 'resume');
  const ended = await endedBatch(world, id('paused'));
  expect(ended).toMatchObject({ status: 'completed', request_counts: { total: 60, completed: 60 } });
  expect(await rowsOf(ended.output_file_id)).toHaveLength(60);
}, 60_000);

test('a batch that was being cancelled is cancelled, with each of its lines in one of its files', async () => {
  const ended = await endedBatch(world, id('cancelled'));
  const { completed, failed, cancelled } = ended.request_counts;
  expect([ended.status, completed + failed + cancelled]).toEqual(['cancelled', 200]);
  expect(cancelled).toBeGreaterThan(0);
  const rows = [...(await rowsOf(ended.output_file_id)), ...(await rowsOf(ended.error_file_id))];
  expect(rows).toHaveLength(200);
  expect(new Set(rows.map(({ custom_id }) => custom_id)).size).toBe(200);
  expect(await charged('cancelled ')).toBeLessThan(200);
}, 60_000);

test('a retry goes on with the lines that it was for', async () => {
  const ended = await endedBatch(world, id('retried'));
  expect(ended).toMatchObject({ status: 'completed', request_counts: { total: 8, completed: 8, failed: 0 } });
  expect(await rowsOf(ended.output_file_id)).toHaveLength(8);
  expect(await charged('retried good')).toBe(5);
  const job = (await world.call<PresentedJob>('GET', `/v1/jobs/job_${id('retried').slice(6)}-7`)).body;
  expect(job).toMatchObject({ generation: 2, status: 'completed' });
  expect(job.attempts.map(({ outcome }) => outcome)).toEqual(['unknown', 'billed']);
}, 60_000);

test('an ended batch is as it was, and can be run again', async () => {
  expect(await getBatch(world, id('ended'))).toEqual(batches['ended']);
  await say(id('ended'), 'retry');
  const again = await endedBatch(world, id('ended'));
  expect(again).toMatchObject({ status: 'completed', request_counts: { completed: 3, failed: 0 } });
  expect(await charged('ended good')).toBe(2);
}, 60_000);

test('a batch whose input had faults has failed, with them', async () => {
  expect(batches['invalid']).toMatchObject({ status: 'failed' });
  expect(await getBatch(world, id('invalid'))).toEqual(batches['invalid']);
});

test('a batch that nobody had looked at is validated and runs', async () => {
  expect(await endedBatch(world, id('new'))).toMatchObject({ status: 'completed', request_counts: { completed: 3 } });
}, 60_000);
