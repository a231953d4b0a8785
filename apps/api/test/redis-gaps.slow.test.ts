import { EventEmitter, once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { redisOptions } from '@rendermill/shared/adapters/redis/connect';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { FaultProxy } from '@rendermill/shared/testing/fault-proxy';
import { openS3Stub, refuse } from '@rendermill/shared/testing/s3-stub';
import { until } from '../../../test/until.js';
import { createWorld, type World, type WorldOptions } from '../../../test/world.js';

/** A Redis that is away for a moment: no call that is held, repeated or just taken is bought twice for it. */

interface Failure {
  error: { code: string };
}

interface Gap {
  readonly world: World;
  readonly proxy: FaultProxy;
  readonly close: () => Promise<void>;
}

async function openGap(options: WorldOptions): Promise<Gap> {
  const { path, host, port } = redisOptions(process.env['TEST_REDIS_URL'] ?? '');
  const proxy = await FaultProxy.open(
    path === undefined ? { host: host ?? '127.0.0.1', port: port ?? 6_379 } : { path },
  );
  const env = { ...options.env, REDIS_URL: `redis://127.0.0.1:${proxy.port}` };
  const world = await createWorld({ ...options, env });
  return {
    world,
    proxy,
    close: async () => {
      await proxy.set({ kind: 'none' });
      await world.close();
      await proxy.close();
    },
  };
}

const body = (prompt: string) => ({ model: 'gpt-image-1', quality: 'low', prompt });
const generate = async ({ world }: Gap, prompt: string) =>
  world.call<Failure>('POST', '/v1/images/generations', body(prompt));
const ready = async ({ world }: Gap): Promise<void> =>
  until(async () => (await world.call('GET', '/readyz')).status === 200);
const jobsOf = async ({ world }: Gap): Promise<string[]> => world.redis.zrange(`${world.prefix}jobs:default`, 0, '-1');

describe('a gap in Redis', () => {
  let worked: Gap;
  let idle: Gap;
  beforeAll(async () => {
    worked = await openGap({});
    idle = await openGap({ worker: false, env: { SYNC_WAIT_MS: '700' } });
  });
  afterAll(async () => Promise.all([worked.close(), idle.close()]));

  test('in the middle of a held call is waited out', async () => {
    const { world, proxy } = worked;
    await world.simulator.faults([{ times: 1, fault: { kind: 'hang_before_headers' } }]);
    const held = generate(worked, 'held over the gap');
    await until(async () => (await world.simulator.stats()).in_flight === 1);
    await proxy.set({ kind: 'refuse' });
    // Longer than the time from one look at the ledger to the next.
    await new Promise((resolve) => setTimeout(resolve, 2_600));
    await proxy.set({ kind: 'none' });
    await world.simulator.release();
    expect((await held).status).toBe(200);
    expect(await jobsOf(worked)).toHaveLength(1);
  });

  test('in which a held call ends gives its job to the next identical request', async () => {
    const held = generate(idle, 'ends in the gap');
    // Asked of the API: answers come in the order of the questions, so that the job's own has reached it too.
    const listed = async () => (await idle.world.call<{ data: unknown[] }>('GET', '/v1/jobs')).body.data;
    await until(async () => (await listed()).length === 1);
    await idle.proxy.set({ kind: 'refuse' });
    const first = await held;
    expect([first.status, first.headers.get('x-should-retry')]).toEqual([503, null]);
    await idle.proxy.set({ kind: 'none' });
    await ready(idle);
    const second = await generate(idle, 'ends in the gap');
    expect(second.headers.get('x-rendermill-job')).toBe(first.headers.get('x-rendermill-job'));
    expect(await jobsOf(idle)).toHaveLength(1);
  });

  test('in which a call was written, but not answered, gives its job to the next identical request', async () => {
    const before = await jobsOf(idle);
    const added = async () => (await jobsOf(idle)).filter((id) => !before.includes(id));
    await idle.proxy.set({ kind: 'latency', ms: 2_300 });
    const first = await generate(idle, 'written without an answer');
    expect([first.status, first.body.error.code]).toEqual([503, 'redis_unavailable']);
    await idle.proxy.set({ kind: 'none' });
    await until(async () => (await added()).length > 0);
    await ready(idle);
    const second = await generate(idle, 'written without an answer');
    expect([second.status, second.headers.get('x-rendermill-job')]).toEqual([503, (await added())[0]]);
    expect(await added()).toHaveLength(1);
  });

  test('after a job was written is no reason to send its client away', async () => {
    const { world, proxy } = idle;
    await world.submit({ prompt: 'warm' });
    const before = await jobsOf(idle);
    // Room for the answer of the script that writes the job, and for little more.
    await proxy.set({ kind: 'cut', direction: 'down', afterBytes: 62 });
    const {
      status,
      headers,
      body: job,
    } = await world.call<PresentedJob>('POST', '/v1/jobs', {
      ...body('written, not read'),
      type: 'generation',
    });
    await proxy.set({ kind: 'none' });
    expect([status, job.status, headers.get('x-rendermill-job')]).toEqual([202, 'queued', job.id]);
    expect((await jobsOf(idle)).filter((id) => !before.includes(id))).toEqual([job.id]);
    await ready(idle);
    expect((await world.call('GET', `/v1/jobs/${job.id}`)).body).toEqual(job);
  });

  test('that makes the client send a write again does not make the API delete its inputs', async () => {
    const { world, proxy } = idle;
    const image = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    const edit = {
      ...body('sent twice'),
      type: 'edit',
      image: `data:image/png;base64,${image.toString('base64')}`,
    };
    await world.call('POST', '/v1/jobs', edit, { 'idempotency-key': 'warm' });
    for (let i = 0; i < 3; i++) {
      await proxy.set({ kind: 'cut', direction: 'down', afterBytes: 0, times: 1 });
      const ask = async () => world.call<PresentedJob>('POST', '/v1/jobs', edit, { 'idempotency-key': `twice-${i}` });
      let answer = await ask();
      // On a busy machine the cut may fall upon another command, and the request into the gap: its client asks again.
      while (answer.status === 503) answer = await ask();
      const { status, body: job } = answer;
      expect([status, proxy.hits]).toEqual([202, 1]);
      const [input] = (job.request as { images?: { key: string }[] }).images ?? [];
      expect(await world.storage.head(input?.key ?? '')).not.toBeNull();
    }
  });
});

describe('a store that deletes nothing', () => {
  test('does not fail the request whose inputs are there already', async () => {
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'stub', AWS_SECRET_ACCESS_KEY: 'stub-secret' });
    // Two at the same time: a later one would find the job before it stores anything.
    const puts = new EventEmitter();
    const both = once(puts, '2');
    let seen = 0;
    const stub = await openS3Stub(async ({ method }, response) => {
      if (method === 'DELETE') refuse(response, 403, 'AccessDenied');
      if (method !== 'PUT') return;
      puts.emit(String(++seen));
      await both;
    });
    const env = { S3_ENDPOINT: stub.options.endpoint };
    const world = await createWorld({ worker: false, storageUrl: 's3://stub/prefix', env });
    const image = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    const edit = { ...body('twice'), type: 'edit', image: `data:image/png;base64,${image.toString('base64')}` };
    const ask = async (prompt: string) =>
      world.call<PresentedJob & Failure>('POST', '/v1/jobs', { ...edit, prompt }, { 'idempotency-key': 'edit' });
    const [first, second] = await Promise.all([ask('twice'), ask('twice')]);
    expect([second.status, second.body.id]).toEqual([202, first.body.id]);
    expect((await ask('another')).body.error.code).toBe('idempotency_key_reused');
    const deletes = stub.seen.filter(({ method }) => method === 'DELETE').map(({ path }) => path);
    expect(deletes).toHaveLength(1);
    expect(deletes.some((path) => path.includes(first.body.id))).toBe(false);
    await world.close();
    await stub.close();
  });
});
