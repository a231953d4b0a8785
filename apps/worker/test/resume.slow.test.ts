import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { recordKey } from '@rendermill/shared/domain/object-keys';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { startApp, type AppProcess } from '../../../test/processes.js';
import { outlive } from '../../../test/recovering.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

/** What was paid is not bought again, wherever it got to before something went wrong. */

let world: World;
const workers: AppProcess[] = [];
const startWorker = async (): Promise<AppProcess> => {
  const worker = await startApp('worker', world.env);
  workers.push(worker);
  return worker;
};
const read = async (id: string): Promise<PresentedJob> =>
  (await world.call<PresentedJob>('GET', `/v1/jobs/${id}`)).body;
const charges = async (prompt: string) =>
  (await world.simulator.ledger()).filter((entry) => entry.prompt === prompt && entry.charged);
const spools = (): string => join(world.env['RENDERMILL_DATA_DIR'] ?? '', 'spool');
const says = (worker: AppProcess, event: string): boolean => worker.log.join('').includes(`"${event}"`);

const recordPath = ({ id, created_at }: PresentedJob): string =>
  join(world.dir, 'store', recordKey({ project: 'default', id, created_at: (created_at ?? 0) * 1_000 }));

/** A folder where the job's record should be: the store refuses it until the answer is called. */
async function refuseRecord(job: PresentedJob): Promise<() => Promise<void>> {
  const path = recordPath(job);
  await mkdir(path, { recursive: true });
  return async () => rm(path, { recursive: true });
}

beforeAll(async () => {
  world = await createWorld({ worker: false });
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map(async (worker) => worker.kill('SIGKILL')));
});
afterAll(async () => world.close());

test('a worker that is killed after a picture was stored, and before the job ended, leaves nothing to buy', async () => {
  const job = await world.submit({ prompt: 'stored, not told' });
  const allowRecord = await refuseRecord(job);
  const first = await startWorker();
  await until(() => says(first, 'storage.waiting'));
  expect((await read(job.id)).images).toHaveLength(1);
  await first.kill('SIGKILL');
  await allowRecord();
  await startWorker();
  await outlive(world, first);
  expect(await world.ended(job.id)).toMatchObject({ status: 'completed', paid_attempts: 1 });
  expect(await charges('stored, not told')).toHaveLength(1);
}, 60_000);

test('an answer that breaks off after its first picture is paid for that picture', async () => {
  await startWorker();
  const bytes = (await world.ended((await world.submit({ prompt: 'whole', n: 2 })).id)).images.map(
    (image) => image.bytes,
  );
  const [first = 0, second = 0] = bytes.map((count) => Math.ceil((count * 4) / 3));
  const fault = { kind: 'reset_in_body', afterBytes: first + Math.round(second / 2) } as const;
  await world.simulator.faults([{ when: { promptIncludes: 'broken' }, times: 1, fault }]);
  const job = await world.ended((await world.submit({ prompt: 'broken', n: 2 })).id);
  expect(job).toMatchObject({
    status: 'completed',
    paid_attempts: 2,
    attempts: [{ outcome: 'billed' }, { outcome: 'billed' }],
  });
  const [whole, rest] = await charges('broken');
  expect(rest?.sha256).toHaveLength(1);
  expect(job.images.map(({ sha256 }) => sha256)).toEqual([whole?.sha256[0], rest?.sha256[0]]);
}, 60_000);

describe('a worker that stood still for so long that another took over', () => {
  test('buys nothing any more, and ends, so that a new one can start', async () => {
    const paused = await startWorker();
    const other = await startWorker();
    paused.child.kill('SIGSTOP');
    await until(() => says(other, 'worker.dead'));
    await until(async () => (await readdir(spools())).length === 1);
    const ended = new Promise((resolve) => paused.child.once('exit', (code) => resolve(code)));
    paused.child.kill('SIGCONT');
    const jobs = await Promise.all([1, 2, 3, 4].map(async (n) => world.submit({ prompt: `after the pause ${n}` })));
    for (const { id } of jobs) expect(await world.ended(id)).toMatchObject({ status: 'completed', paid_attempts: 1 });
    expect(await ended).toBe(1);
    expect(says(paused, 'worker.lapsed')).toBe(true);
  }, 60_000);
});

test('a paid picture in the spool of a dead worker outlives the loss of Redis', async () => {
  const job = await world.submit({ prompt: 'all that is left' });
  const folder = join(recordPath(job), '..');
  await mkdir(join(folder, '..'), { recursive: true });
  // A file where the job's folder should be: nothing of it can be stored.
  await writeFile(folder, '');
  const first = await startWorker();
  await until(() => says(first, 'storage.waiting'));
  await first.kill('SIGKILL');
  const pictures = async () => (await readdir(spools(), { recursive: true })).filter((file) => file.includes(job.id));
  const kept = await pictures();
  const keys = await world.redis.keys(`${world.prefix}*`);
  await world.redis.unlink(...keys);
  const second = await startWorker();
  await until(() => second.log.join('').includes('"unknown":1'));
  expect(kept).toHaveLength(1);
  expect(await pictures()).toEqual(kept);
}, 90_000);

test('a paid picture whose disk is lost is waited for, and bought once more when its time is over', async () => {
  const job = await world.submit({ prompt: 'the disk is gone' });
  const folder = join(recordPath(job), '..');
  await mkdir(join(folder, '..'), { recursive: true });
  await writeFile(folder, '');
  const first = await startWorker();
  await until(() => says(first, 'storage.waiting'));
  await first.kill('SIGKILL');
  await rm(spools(), { recursive: true });
  await rm(folder);
  await startWorker();
  await outlive(world, first);
  const key = `${world.prefix}job:${job.id}`;
  // Taken over, and given back to the queue to wait for a disk that may come back.
  await until(async () => (await world.redis.hget(key, 'status')) === 'queued');
  expect(await charges('the disk is gone')).toHaveLength(1);
  // As if that had been long ago.
  const settlement = JSON.parse((await world.redis.hget(key, 's:1')) ?? '') as object;
  await world.redis.hset(key, 's:1', JSON.stringify({ ...settlement, ended_at: 1 }));
  for (const mourned of await world.redis.keys(`${world.prefix}mourned:*`)) await world.redis.set(mourned, '1');
  await world.redis.zadd(`${world.prefix}due`, 0, job.id);
  expect(await world.ended(job.id)).toMatchObject({ status: 'completed', paid_attempts: 2 });
  expect(await charges('the disk is gone')).toHaveLength(2);
}, 90_000);
