import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { endedBatch, jsonl, lines, upload, type BatchAnswer, type Refusal } from '../../../test/batch-calls.js';
import { picture } from '../../../test/clients/support.js';
import { makeKey, type MadeKey } from '../../../test/keys.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

/** `rm_test_` keys: the account `sim` stands for a provider that is paid, and must hear nothing of them. */

let world: World;
let trial: MadeKey;
let live: MadeKey;
beforeAll(async () => {
  world = await createWorld();
  trial = await makeKey(world, { project: 'trial', mode: 'test' });
  live = await makeKey(world, { project: 'trial' });
});
afterAll(async () => world.close());

const order = { type: 'generation', model: 'gpt-image-1', prompt: 'a trial' };
const heardOf = async (prompt: string): Promise<number> =>
  (await world.simulator.ledger()).filter((entry) => entry.prompt?.includes(prompt)).length;

describe('a test key', () => {
  test('is told by its beginning', () => {
    expect([trial.key, live.key].map((key) => key.slice(0, 8))).toEqual(['rm_test_', 'rm_live_']);
  });

  test('is told that nothing is spent by it, and a live one that orders are paid', async () => {
    const spends = async ({ call }: MadeKey) => (await call('GET', '/v1/api_keys/current')).body;
    expect(await spends(trial)).toMatchObject({ mode: 'test', simulated: true });
    expect(await spends(live)).toMatchObject({ mode: 'live', simulated: false });
  });

  test('gets pictures of the built-in simulator: jobs, held calls and batches, and no paid call is made', async () => {
    const job = await trial.call<PresentedJob>('POST', '/v1/jobs', order);
    const ended = await trial.call<PresentedJob>('GET', `/v1/jobs/${job.body.id}?wait=60`);
    expect(ended.body).toMatchObject({ status: 'completed', provider: 'simulator' });
    const held = await trial.call<{ data: unknown[] }>('POST', '/v1/images/generations', {
      model: order.model,
      prompt: 'a trial that is held',
    });
    expect([held.status, held.body.data.length]).toEqual([200, 1]);
    const batch = await trial.call<BatchAnswer>('POST', '/v1/batches', { requests: lines(2, 'a trial of many') });
    const done = await endedBatch({ ...world, call: trial.call }, batch.body.id);
    expect(done.request_counts).toMatchObject({ completed: 2 });
    expect(await heardOf('a trial')).toBe(0);
  });

  test('cannot name a provider that is paid', async () => {
    const { status } = await trial.call<Refusal>('POST', '/v1/jobs', { ...order, provider: 'sim' });
    expect([400, 404]).toContain(status);
  });

  test('changes nothing that a live key has ordered, and is not answered with it', async () => {
    await world.simulator.faults([{ when: { promptIncludes: 'refuse' }, fault: { kind: 'moderation_blocked' } }]);
    const once = { 'idempotency-key': 'both' };
    const paid = await live.call<PresentedJob>('POST', '/v1/jobs', { ...order, prompt: 'refuse' }, once);
    await live.call('GET', `/v1/jobs/${paid.body.id}?wait=60`);
    await world.simulator.faults([]);
    const calls = await heardOf('refuse');
    for (const what of ['retry', 'cancel']) {
      const { status, body } = await trial.call<Refusal>('POST', `/v1/jobs/${paid.body.id}/${what}`);
      expect([what, status, body.error.code]).toEqual([what, 403, 'insufficient_scope']);
    }
    const own = await trial.call<PresentedJob>('POST', '/v1/jobs', { ...order, prompt: 'refuse' }, once);
    expect([own.status, own.body.id === paid.body.id]).toEqual([202, false]);
    const batch = await live.call<BatchAnswer>('POST', '/v1/batches', { requests: lines(1, 'paid') });
    await endedBatch({ ...world, call: live.call }, batch.body.id);
    for (const what of ['retry', 'cancel', 'pause', 'resume'])
      expect((await trial.call('POST', `/v1/batches/${batch.body.id}/${what}`)).status).toBe(403);
    expect(await heardOf('refuse')).toBe(calls);
  });
});

describe('the worker asks again', () => {
  let idle: World;
  beforeAll(async () => {
    idle = await createWorld({ worker: false });
  });
  afterAll(async () => idle.close());

  const field = (id: string): string => `${idle.prefix}job:${id}`;

  test('makes a test job at the simulator, though it was put among those of a paid account', async () => {
    const keys = await Promise.all(
      (['test', 'live'] as const).map(async (mode) => makeKey(idle, { project: 'mixed', mode })),
    );
    const ids: string[] = [];
    for (const { call } of keys) ids.push((await call<PresentedJob>('POST', '/v1/jobs', order)).body.id);
    const [trialId = '', paid = ''] = ids;
    const liveClass = (await idle.redis.hget(field(paid), 'class')) ?? '';
    await idle.call('POST', `/v1/jobs/${paid}/cancel`);
    await keys[1]?.call('POST', `/v1/jobs/${paid}/cancel`);
    // As a fault of ours would: a class of paid accounts, and an entry in its queue by the feeder.
    await idle.redis.hset(field(trialId), 'class', liveClass);
    await idle.redis.hincrby(field(trialId), 'run', 1);
    await idle.redis.zadd(`${idle.prefix}due`, 0, trialId);
    await idle.startWorker();
    const ended = await keys[0]?.call<PresentedJob>('GET', `/v1/jobs/${trialId}?wait=60`);
    expect(ended?.body).toMatchObject({ status: 'completed', provider: 'simulator' });
    expect(await idle.simulator.ledger()).toEqual([]);
  });

  test('reads no other project’s pictures, whatever a job’s record says', async () => {
    const other = await createWorld({ worker: false });
    const [theirs, mine] = await Promise.all(
      ['theirs', 'mine'].map(async (project) => makeKey(other, { project, scopes: ['jobs:write', 'jobs:read'] })),
    );
    const url = `data:image/png;base64,${(await picture(64)).toString('base64')}`;
    const edit = { ...order, type: 'edit', images: [{ image_url: url }] };
    const [victim, thief] = await Promise.all(
      [theirs, mine].map(async (key) => (await key?.call<PresentedJob>('POST', '/v1/jobs', edit))?.body.id ?? ''),
    );
    const record = (id = ''): string => `${other.prefix}job:${id}`;
    await other.redis.hset(record(thief), 'inputs', (await other.redis.hget(record(victim), 'inputs')) ?? '');
    await theirs?.call('POST', `/v1/jobs/${victim}/cancel`);
    await other.startWorker();
    await until(async () => (await other.redis.hget(record(thief), 'status')) === 'failed');
    const job = await mine?.call<PresentedJob>('GET', `/v1/jobs/${thief}`);
    expect(job?.body.error?.code).toBe('storage_denied');
    expect(await other.simulator.ledger()).toEqual([]);
    await other.close();
  });

  test('reads no other project’s lines, whatever a batch’s record says', async () => {
    const other = await createWorld({ worker: false });
    const keys = await Promise.all(
      ['theirs', 'mine'].map(async (project) => makeKey(other, { project, scopes: ['batches', 'files'] })),
    );
    const ids = await Promise.all(
      keys.map(async ({ call, project }) => {
        const input_file_id = await upload({ ...other, call }, jsonl(lines(1, project)), 'lines.jsonl');
        return (await call<BatchAnswer>('POST', '/v1/batches', { input_file_id })).body.id;
      }),
    );
    const record = (i: number): string => `${other.prefix}batch:${ids[i]}`;
    const spec = async (i: number) =>
      JSON.parse((await other.redis.hget(record(i), 'spec')) ?? '{}') as { source: object };
    await other.redis.hset(record(1), 'spec', JSON.stringify({ ...(await spec(1)), source: (await spec(0)).source }));
    await keys[0]?.call('POST', `/v1/batches/${ids[0]}/cancel`);
    await other.startWorker();
    const ended = await endedBatch({ ...other, call: keys[1]?.call ?? other.call }, ids[1] ?? '');
    expect([ended.status, ended.errors?.data[0]?.code]).toEqual(['failed', 'input_unreadable']);
    expect(await other.simulator.ledger()).toEqual([]);
    await other.close();
  });
});
