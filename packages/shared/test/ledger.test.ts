import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { AttemptIntent, AttemptOutcome, AttemptSettlement } from '@rendermill/shared/domain/attempts';
import { newId } from '@rendermill/shared/domain/ids';
import type { JobSpec } from '@rendermill/shared/domain/job';
import type { JobEnd } from '@rendermill/shared/domain/outcome';
import { JobStore, type Repeat } from '@rendermill/shared/adapters/redis/job-store';
import { Ledger } from '@rendermill/shared/adapters/redis/ledger';
import type { LedgerJob } from '@rendermill/shared/adapters/redis/job-codec';
import { Liveness } from '@rendermill/shared/adapters/redis/liveness';
import { DeliveryStore } from '@rendermill/shared/adapters/redis/delivery-store';
import { EventStore } from '@rendermill/shared/adapters/redis/event-store';
import { openRedis, type RedisWorld } from '../../../test/redis.js';

/** The promises of the job ledger, one script at a time, on a real Redis. */

let world: RedisWorld;
let jobs: JobStore;
let ledger: Ledger;
beforeAll(() => {
  world = openRedis();
  jobs = new JobStore(world.scripts, 30);
  ledger = new Ledger(world.scripts, 30);
});
afterAll(async () => world.close());

const routing = { id: 'class-1', accounts: ['a'], images: 1, ranks: null, model: null };
const once: Repeat = { key: '', fingerprint: '', claim: '', holder: '' };

async function submit(fields: Partial<JobSpec> = {}, repeat: Partial<Repeat> = {}) {
  const spec: JobSpec = {
    id: newId('job'),
    project: 'p',
    key_id: 'k',
    mode: 'live',
    type: 'generation',
    model: 'm',
    batch_id: null,
    custom_id: null,
    metadata: {},
    priority: 'normal',
    provider: null,
    request: { prompt: 'x', n: 1 },
    request_hash: 'h',
    webhook_url: null,
    on_unknown_outcome: 'retry',
    deadline: null,
    created_at: Date.now(),
    estimate: null,
    request_id: 'r',
    ...fields,
  };
  return jobs.submit({ spec, routing, stage: 'ready', inputs: [], mask: null }, { ...once, ...repeat });
}

async function begin(id: string, worker = 'w1', generation = 1, run = 1): Promise<LedgerJob> {
  const job = await ledger.begin(id, generation, run, worker);
  if (typeof job === 'string') throw new Error(job);
  return job;
}

let moment = 0;
const intent = (job: LedgerJob, call = 0): AttemptIntent => ({
  job: job.id,
  generation: job.generation,
  call,
  indexes: [0],
  provider: 'a',
  model: job.model,
  worker: job.worker ?? '',
  fence: job.fence,
  started_at: ++moment,
  timeout_ms: 1,
  ignored_parameters: [],
});
const settlement = (outcome: AttemptOutcome): AttemptSettlement => ({
  outcome,
  ended_at: 2,
  http_status: 200,
  request_id: null,
  error: null,
  cost: outcome === 'billed' ? 10 : 0,
  cost_basis: null,
  usage: null,
  effective: {},
});
const end: JobEnd = { status: 'completed', usage: null, effective: {}, error: null };
const requeue = {
  delayMs: 60_000,
  stage: 'ready',
  routing,
  inputs: [],
  mask: null,
  tries: 1,
  error: null,
} as const;

describe('begin', () => {
  test('gives a job to one worker, for its present run only', async () => {
    const { id } = await submit();
    const job = await begin(id);
    expect(job).toMatchObject({ status: 'in_progress', worker: 'w1', fence: 1 });
    expect(await ledger.begin(id, 1, 1, 'w2')).toBe('owned');
    expect(await ledger.begin(id, 1, 2, 'w2')).toBe('stale');
    expect(await ledger.begin('job_unknown', 1, 1, 'w2')).toBe('gone');
    await ledger.finish(job, end);
    expect(await ledger.begin(id, 1, 1, 'w2')).toBe('terminal');
  });
});

describe('an attempt', () => {
  test('is refused beyond the cap of its call; what cost nothing does not count', async () => {
    const job = await begin((await submit()).id);
    const outcomes: AttemptOutcome[] = ['rejected', 'unknown', 'not_sent', 'billed'];
    for (const [i, outcome] of outcomes.entries()) {
      expect(await ledger.beginAttempt(job, intent(job), 2)).toBe(i + 1);
      await ledger.settle(job.id, i + 1, settlement(outcome), null);
    }
    expect(await ledger.beginAttempt(job, intent(job), 2)).toBe('cap');
    expect(await ledger.beginAttempt(job, intent(job, 1), 2)).toBe(5);
  });

  test('that is open counts, for it may yet be billed', async () => {
    const job = await begin((await submit()).id);
    expect(await ledger.beginAttempt(job, intent(job), 1)).toBe(1);
    expect(await ledger.beginAttempt(job, intent(job), 1)).toBe('cap');
  });

  test('keeps its first outcome; only an unknown one learns better', async () => {
    const job = await begin((await submit()).id);
    await ledger.beginAttempt(job, intent(job), 9);
    expect(await ledger.settle(job.id, 1, settlement('unknown'), null)).toBe(true);
    expect(await ledger.settle(job.id, 1, settlement('unknown'), null)).toBe(false);
    expect(await ledger.settle(job.id, 1, settlement('billed'), null)).toBe(true);
    expect(await ledger.settle(job.id, 1, settlement('rejected'), null)).toBe(false);
    expect((await ledger.read(job.id))?.attempts[0]?.settlement?.outcome).toBe('billed');
  });

  test('which account refused the job is known forty free attempts later', async () => {
    const { id } = await submit();
    const job = await begin(id);
    const attempt = async (refused: boolean): Promise<void> => {
      const number = await ledger.beginAttempt(job, intent(job), 2);
      await ledger.settle(id, Number(number), { ...settlement('rejected'), ...(refused ? { refused } : {}) }, null);
    };
    await attempt(true);
    for (let i = 0; i < 40; i++) await attempt(false);
    const { attempts } = (await ledger.read(id)) ?? { attempts: [] };
    expect(attempts.filter(({ settlement: came }) => came?.refused).map(({ number }) => number)).toEqual([1]);
    expect(attempts).toHaveLength(20);
  });

  test('forty refusals later, the history still holds everything that cost money', async () => {
    const job = await begin((await submit()).id);
    await ledger.beginAttempt(job, intent(job), 9);
    await ledger.settle(job.id, 1, settlement('billed'), null);
    for (let n = 2; n <= 41; n++) {
      await ledger.beginAttempt(job, intent(job), 9);
      await ledger.settle(job.id, n, settlement('rejected'), null);
    }
    const attempts = (await ledger.read(job.id))?.attempts ?? [];
    expect(attempts.length).toBeLessThanOrEqual(22);
    expect(attempts[0]).toMatchObject({ number: 1, settlement: { outcome: 'billed' } });
  });
});

describe('a question that a broken connection asks twice', () => {
  test('begins one attempt', async () => {
    const job = await begin((await submit()).id);
    const asked = intent(job);
    expect(await ledger.beginAttempt(job, asked, 1)).toBe(1);
    expect(await ledger.beginAttempt(job, asked, 1)).toBe(1);
    expect(await ledger.beginAttempt(job, intent(job), 1)).toBe('cap');
  });

  test('seizes a job once', async () => {
    const job = await begin((await submit()).id, 'w-gone');
    const [first, second] = [
      await ledger.seize(job.id, 'w-gone', 'w-heir'),
      await ledger.seize(job.id, 'w-gone', 'w-heir'),
    ];
    expect(second).toEqual(first);
    expect(second).toMatchObject({ fence: 2, crashes: 1 });
  });
});

describe('an image that was recorded', () => {
  const image = {
    index: 1,
    key: 'k',
    content_type: 'image/png' as const,
    width: 1,
    height: 1,
    bytes: 1,
    sha256: 'x',
    revised_prompt: null,
  };

  test('stands, whoever owns the job by then, and takes the last checkpoint of its attempt with it', async () => {
    const job = await begin((await submit()).id);
    await ledger.beginAttempt(job, intent(job), 9);
    await ledger.settle(job.id, 1, settlement('billed'), { worker: 'w1', spooled: [], urls: [] });
    await ledger.requeue(job, requeue);
    await ledger.recordImage(job.id, image, null);
    await ledger.recordImage(job.id, { ...image, sha256: 'another' }, null);
    expect(await ledger.read(job.id)).toMatchObject({ images: [image], checkpoints: new Map([[1, {}]]) });
    await ledger.recordImage(job.id, { ...image, index: 0 }, 1);
    const after = await ledger.read(job.id);
    expect(after?.images.map(({ index }) => index)).toEqual([0, 1]);
    expect(after?.checkpoints.size).toBe(0);
  });
});

describe('a worker that lost its job', () => {
  test('can record what it spent, and can neither buy, give back nor end', async () => {
    const zombie = await begin((await submit()).id, 'w-dead');
    await ledger.beginAttempt(zombie, intent(zombie), 9);
    const heir = await ledger.seize(zombie.id, 'w-dead', 'w2');
    if (typeof heir === 'string') throw new Error(heir);
    expect(heir).toMatchObject({ fence: 2, worker: 'w2', crashes: 1 });
    expect(await ledger.beginAttempt(zombie, intent(zombie), 9)).toBe('fenced');
    expect(await ledger.requeue(zombie, requeue)).toBe('fenced');
    expect(await ledger.finish(zombie, end)).toBe(false);
    expect(await ledger.settle(zombie.id, 1, settlement('billed'), null)).toBe(true);
    expect(await ledger.finish(heir, end)).toBe(true);
    expect((await ledger.read(zombie.id))?.attempts[0]?.settlement?.cost).toBe(10);
  });

  test('keeps it while its lease lives', async () => {
    const { id } = await submit();
    await begin(id, 'w-alive');
    await new Liveness(world.scripts).heartbeat('w-alive', {});
    expect(await ledger.seize(id, 'w-alive', 'w2')).toBe('alive');
  });
});

describe('a cancel', () => {
  test('of a queued job wins over a begin that comes after it', async () => {
    const { id } = await submit();
    const job = await jobs.get('p', id);
    expect(job && (await jobs.cancel(job))).toBe('cancelled');
    expect(await ledger.begin(id, 1, 1, 'w1')).toBe('stale');
  });

  test('of a job in progress stops the next purchase, and is told at the next give-back', async () => {
    const job = await begin((await submit()).id);
    expect(await jobs.cancel(job)).toBe('requested');
    expect(await ledger.beginAttempt(job, intent(job), 9)).toBe('cancelled');
    expect(await ledger.requeue(job, requeue)).toBe('cancelled');
  });

  test('of an ended job says so', async () => {
    const job = await begin((await submit()).id);
    await ledger.finish(job, end);
    expect(await jobs.cancel(job)).toBe('terminal');
  });
});

describe('a retry', () => {
  test('begins one generation, however often its key is repeated', async () => {
    const job = await begin((await submit()).id);
    await ledger.finish(job, { ...end, status: 'failed' });
    const key = { key: `retry-${job.id}`, fingerprint: 'f' };
    expect(await jobs.retry(job, routing, 'ready', key)).toBe('retried');
    expect(await jobs.retry(job, routing, 'ready', key)).toBe('existing');
    expect(await jobs.retry(job, routing, 'ready', { ...key, fingerprint: 'other' })).toBe('conflict');
    expect(await jobs.retry(job, routing, 'ready', { key: '', fingerprint: '' })).toBe('refused');
    expect(await jobs.get('p', job.id)).toMatchObject({
      status: 'queued',
      generation: 2,
      error: null,
      completed_at: null,
    });
  });
});

describe('a submit', () => {
  test('of a key that is known answers its job, of another body a conflict', async () => {
    const key = { key: 'submit-1', fingerprint: 'f' };
    const first = await submit({}, key);
    expect(await submit({}, key)).toEqual({ how: 'existing', id: first.id });
    expect((await submit({}, { ...key, fingerprint: 'g' })).how).toBe('conflict');
  });

  test('claims a job whose holder is gone, once, and never one that is held', async () => {
    const liveness = new Liveness(world.scripts);
    await liveness.holderBeat('api-1');
    const hold = (call: string) => ({ claim: 'claim-1', holder: `api-1.${call}` });
    const first = await submit({}, hold('one'));
    const second = await submit({}, hold('two'));
    expect(second.how).toBe('created');
    await liveness.holderLeave('api-1');
    await liveness.holderBeat('api-2');
    const next = (call: string) => ({ claim: 'claim-1', holder: `api-2.${call}` });
    const claims = [await submit({}, next('one')), await submit({}, next('two'))];
    expect(claims.map(({ how }) => how)).toEqual(['claimed', 'claimed']);
    expect(claims.map(({ id }) => id).sort()).toEqual([first.id, second.id].sort());
    expect((await submit({}, next('three'))).how).toBe('created');
  });

  test('never claims a job whose call was answered', async () => {
    const hold = { claim: 'claim-2', holder: 'api-3.one' };
    await submit({}, hold);
    await jobs.releaseHold(hold, 'answered');
    expect((await submit({}, { ...hold, holder: 'api-3.two' })).how).toBe('created');
  });

  test('that is released twice leaves the call alone that has claimed its job between', async () => {
    await new Liveness(world.scripts).holderBeat('api-4');
    const hold = (call: string) => ({ claim: 'claim-3', holder: `api-4.${call}` });
    await submit({}, hold('one'));
    await jobs.releaseHold(hold('one'), 'vanished');
    expect((await submit({}, hold('two'))).how).toBe('claimed');
    await jobs.releaseHold(hold('one'), 'vanished');
    expect((await submit({}, hold('three'))).how).toBe('created');
  });

  test('that its client sends twice over a broken connection is one job, and the same answer', async () => {
    const id = newId('job');
    const key = { key: 'sent-twice', fingerprint: 'f' };
    expect(await submit({ id }, key)).toEqual({ how: 'created', id });
    await begin(id);
    expect(await submit({ id }, key)).toEqual({ how: 'created', id });
    expect((await ledger.read(id))?.status).toBe('in_progress');
    const hold = { claim: 'claim-4', holder: 'api-5.one' };
    const first = await submit({}, { ...hold, holder: 'api-gone.one' });
    expect(await submit({}, hold)).toEqual({ how: 'claimed', id: first.id });
    expect(await submit({}, hold)).toEqual({ how: 'claimed', id: first.id });
  });
});

describe('an event', () => {
  test('is written once with its deliveries, whoever ends the job how often', async () => {
    const deliveries = new DeliveryStore(world.scripts, new EventStore(world.scripts), 30);
    const job = await begin((await submit({ webhook_url: 'https://hooks.example.com/' })).id);
    await ledger.finish(job, end);
    await ledger.finish(job, end);
    const { found } = await deliveries.takeDue(10);
    expect(found).toHaveLength(1);
    const delivery = await deliveries.delivery(found[0]?.id ?? '');
    expect(delivery?.event).toMatchObject({ type: 'job.completed', data: { id: job.id } });
    expect((await deliveries.takeDue(10)).found).toEqual([]);
  });
});
