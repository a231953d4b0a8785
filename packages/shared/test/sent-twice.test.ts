import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { ScriptRunner, scriptNames, type ScriptAnswer } from '@rendermill/shared/adapters/redis/scripts';
import { openRedis, type RedisWorld } from '../../../test/redis.js';

/**
 * A client whose connection broke sends its command again, though the first may have been run: here every command is sent
 * twice. The second changes nothing, and answers what the first has answered, which nobody heard.
 */

/** Those whose second answer is another, and why that costs nobody anything. What they leave is the same. */
const otherAnswer = new Map([
  ['feed-line', "it is stale: the line's job gets its entry from the list of the due"],
  ['requeue-job', 'fenced: the next run gets its entry from the list of the due'],
  ['settle-attempt', 'no news: the attempt is counted in the books, but for one in the metrics of this worker'],
  ['wait-to-prepare', 'nobody asks'],
  ['next-to-prepare', 'none: the line is empty, or one more of it is called up'],
  ['take-due', 'none: what was lent is due again in ten seconds'],
  ['take-deliveries', 'none: what was lent is due again in a minute'],
  ['record-delivery', "nothing of an endpoint's end: the event and the endpoint tell of it, but for a line in the log"],
  ['report-call', 'no change: for the log only'],
  ['record-image', 'nobody asks'],
  ['release-hold', 'nobody asks'],
  ['release-permit', 'nobody asks'],
  ['delete-api-key', 'nobody asks'],
  ['reseal', 'one less in the number of those that were sealed anew'],
  ['restore-batch', 'it is counted as one that was there'],
  ['restore-job', 'it is counted as one that was there'],
  ['restore-profile', 'it is counted as one that was there'],
  ['use-api-key', 'a few milliseconds less until it is to be noted again'],
  ['read-account', 'a later moment'],
]);

let world: RedisWorld;
let runner: ScriptRunner;
const sent = new Set<string>();

beforeAll(() => {
  world = openRedis();
  const redis = world.redis;
  const twice =
    (ask: (...args: [string, number, ...string[]]) => Promise<unknown>) =>
    async (...args: [string, number, ...string[]]): Promise<unknown> => {
      const first = await ask(...args);
      const before = await everything();
      const second = await ask(...args);
      heard.push({ first, second, before, after: await everything() });
      return first;
    };
  const manners: Record<string | symbol, unknown> = {
    evalsha: twice(async (...args) => redis.evalsha(...args)),
    eval: twice(async (...args) => redis.eval(...args)),
  };
  const client = new Proxy(redis, { get: (one, name) => manners[name] ?? (Reflect.get(one, name) as unknown) });
  runner = new ScriptRunner(client, world.scripts.prefix.slice(1, -2));
});
afterAll(async () => world.close());

interface Heard {
  readonly first: unknown;
  readonly second: unknown;
  readonly before: string;
  readonly after: string;
}
const heard: Heard[] = [];

async function run(name: string, ...args: (string | number)[]): Promise<ScriptAnswer> {
  const answer = await runner.run(name, ...args);
  const [one] = heard.splice(0);
  if (!one) throw new Error(`${name} was not sent`);
  const { first, second, before, after } = one;
  expect(`after ${name}: ${after}`).toBe(`after ${name}: ${before}`);
  if (!otherAnswer.has(name)) expect([name, second]).toEqual([name, first]);
  sent.add(name);
  return answer;
}

const readers: Record<string, (redis: Redis, key: string) => Promise<unknown>> = {
  string: async (redis, key) => redis.getBuffer(key).then((bytes) => bytes?.toString('latin1')),
  hash: async (redis, key) => Object.entries(await redis.hgetall(key)).sort(([a], [b]) => (a < b ? -1 : 1)),
  list: async (redis, key) => redis.lrange(key, 0, -1),
  set: async (redis, key) => (await redis.smembers(key)).sort(),
  zset: async (redis, key) => redis.zrange(key, 0, '-1', 'WITHSCORES'),
};

/** All that this test's Redis holds, but for what hangs on the moment: times, and how long a key has to live. */
async function everything(): Promise<string> {
  const { redis, scripts } = world;
  const found: unknown[] = [];
  for (const key of (await redis.keys(`${scripts.prefix}*`)).sort()) {
    const left = await redis.pttl(key);
    // What paces deliveries and calls ends by itself, meanwhile too.
    if (left !== -1 && left < 20_000) continue;
    found.push([key, left > 0, await readers[await redis.type(key)]?.(redis, key)]);
  }
  return JSON.stringify(found, null, 1).replace(/\b1\d{12}(\.\d+)?\b/g, 'a time');
}

const minute = 60_000;
const day = 24 * 60 * minute;
const at = Date.now();

/** A job that is queued. */
async function submit(id: string, more: { readonly claim?: string; readonly limits?: string } = {}): Promise<void> {
  const { claim = '', limits = '' } = more;
  const spec = JSON.stringify({ id, key_id: 'k' });
  const head = [id, spec, 'p', at, 'class', 'ready', 5, '[]', '', '', `c-${id}`, Math.floor(at / 1000) + 999];
  const repeat = ['', '', day, claim, claim && 'api.1', minute, minute];
  expect(await run('submit-job', ...head, ...repeat, '{}', 'k', limits, 5, 1, limits, limits)).toEqual(['created', id]);
}

/** The same, begun by worker `w`. */
async function begun(id: string): Promise<void> {
  await submit(id);
  expect(await run('begin-job', id, 1, 1, 'w', `asking ${id}`)).toContain('in_progress');
}

const intent = (provider: string): string => JSON.stringify({ provider, model: 'm', started_at: at });
const event = (id: string, type: string): (string | number)[] => [id, type, '{}', day];
const finish = (id: string, fence: number, status: string): (string | number)[] => [
  id,
  fence,
  status,
  '',
  '{}',
  '',
  day,
  `evt_${id}`,
  `job.${status}`,
  '{}',
  '',
  '',
];
const retry = (id: string, key = ''): (string | number)[] => [
  id,
  'class',
  'ready',
  minute,
  key,
  key && 'print',
  day,
  '{}',
  '',
  0,
  'k',
  1,
  '',
  '',
  '1000',
  5,
];

test('keys, endpoints and files', async () => {
  const key = [JSON.stringify({ id: 'k' }), 'p', at];
  expect(await run('save-api-key', 'k', ...key, 'digest 1', 0, 0, '', '', day)).toEqual(['saved', 'k']);
  expect(await run('save-api-key', 'k', ...key, 'digest 2', 1, day, 'again', 'print', day)).toEqual(['saved', 'k']);
  expect(await run('find-api-key', 'digest 2')).toBe(key[0]);
  await run('use-api-key', 'k');
  expect(await run('reserve-spend', 'k', 1_000, 'job_none', 10, 0)).toEqual([10, 0]);
  const fields = ['created', at, 'secret', 's1', 'enabled', '1', 'url', 'https://x.test/', 'types', ' job.completed '];
  // The last that a project may have.
  expect(await run('save-endpoint', 'e', 'p', '', '', day, 0, 1, ...fields)).toEqual(['saved', 'e']);
  expect(await run('save-endpoint', 'f', 'p', '', '', day, 0, 1, ...fields)).toEqual(['full', 'f']);
  expect(await run('save-endpoint', 'g', 'q', 'made', 'print', day, 0, 1, ...fields)).toEqual(['saved', 'g']);
  expect(await run('save-endpoint', 'e', 'p', 'changed', 'print', day, 1, 1, 'rate', 60)).toEqual(['saved', 'e']);
  expect(await run('rotate-secret', 'e', 's2', '…2', at, day, '', '', day)).toBe('saved');
  expect(await run('reseal', 'endpoint:e', 's1', 's1 anew')).toBe(1);
  expect(await run('delete-endpoint', 'g', 'q')).toBe(1);
  const file = ['p', 'p/files/f', 5, 'x.png', 'vision', at, '', 'made a file', 'print', day];
  expect(await run('save-file', 'file_1', ...file)).toEqual(['saved', 'file_1']);
  expect(await run('drop-file', 'file_1', 'p/files/f')).toBe(1);
});

test('workers', async () => {
  expect(await run('claim-telling', 'api.1', minute)).toBe(1);
  expect(await run('heartbeat', 'w', '{}', minute, 5_000, day)).toEqual(['beat']);
  await world.redis.zadd(world.scripts.key('workers'), at, 'dead');
  expect(await run('mourn-worker', 'dead', day)).toBe(1);
  expect(await run('bury-worker', 'dead')).toBe(0);
  expect(await run('lead', 'w', day)).toBe(1);
});

test('a job, from its order to its retry', async () => {
  await submit('job_held', { claim: 'same', limits: '1000' });
  expect(await run('release-hold', 'same', 'api.1', minute)).toBe(1);
  expect(
    await run('cancel-job', 'job_held', 1, '{}', day, ...event('evt_c', 'job.cancelled').slice(0, 3), '', ''),
  ).toBe('cancelled');
  expect(await run('retry-job', ...retry('job_held'))).toBe(3);
  expect(await run('take-due', 10, 10_000)).toHaveLength(2);
  await run('entries-added', 'job_held', 3);

  await begun('job_1');
  for (const outcome of ['unknown', 'billed']) {
    const number = await run('begin-attempt', 'job_1', 1, intent(`account ${outcome}`), 1, 0, 9);
    const what = [outcome, '{}', outcome === 'billed' ? '{"at":1}' : '', 1, 7, at, '', 30, 100, 1_000];
    expect(await run('settle-attempt', 'job_1', Number(number), ...what)).toBe(1);
  }
  await run('checkpoint', 'job_1', 2, '{"at":2}');
  expect(await run('record-image', 'job_1', 0, '{"index":0}', 2)).toBe(1);
  expect(await run('cancel-job', 'job_1', 1, '{}', day, '', '', '', '', '')).toBe('requested');
  expect(await run('finish-job', ...finish('job_1', 1, 'completed'))).toBe(1);
  expect(await run('cancel-job', 'job_1', 1, '{}', day, '', '', '', '', '')).toBe('terminal');

  await submit('job_waits');
  expect(await run('wait-to-prepare', 'job_waits', 1, 1, minute)).toBe(1);
  await world.redis.hset(world.scripts.key('job', 'job_waits'), 'stage', 'prepare');
  expect(await run('next-to-prepare', 'p')).toBe(1);

  await begun('job_2');
  const requeued = [0, 'ready', 'class', '[]', '', 1, '', minute, '{}'];
  expect(await run('requeue-job', 'job_2', 1, ...requeued)).toBe(2);
  expect(await run('begin-job', 'job_2', 1, 2, 'lost', 'asking')).toContain('in_progress');
  expect(await run('seize-job', 'job_2', 'lost', 'w')).toContain('in_progress');
  expect(await run('finish-job', ...finish('job_2', 3, 'failed'))).toBe(1);
  expect(await run('retry-job', ...retry('job_2', 'retried by key'))).toBe(3);
});

test('a delivery', async () => {
  const [found] = (await run('take-deliveries', 10, minute, 5, 40)) as [[string, number, number][]];
  expect(found.map(([id]) => id)).toEqual(['evt_job_1-e']);
  const tried = (status: number): string =>
    JSON.stringify({ at: at + status, url: 'https://x.test/', status, duration_ms: 5 });
  const rest = [0, 5 * day, 'evt_disabled', day];
  await run('record-delivery', 'evt_job_1-e', 1, tried(500), 'pending', minute, ...rest);
  expect(await world.redis.hget(world.scripts.key('delivery', 'evt_job_1-e'), 'made')).toBe('1');
  // One that is kept for good keeps its tries.
  await world.redis.persist(world.scripts.key('delivery', 'evt_job_1-e'));
  await run('record-delivery', 'evt_job_1-e', 1, tried(501), 'failed', -1, ...rest);
  expect(await world.redis.llen(world.scripts.key('delivery', 'evt_job_1-e', 'tries'))).toBe(2);
  expect(await run('recover-deliveries', 'e', 'p', 0, 'evt_job_1')).toBe(1);
  expect(await run('resend-delivery', 'e', 'p', '', 'evt_job_1-e')).toBe(1);
  expect(await world.redis.hget(world.scripts.key('delivery', 'evt_job_1-e'), 'taken')).toBe('3');
});

test('a call', async () => {
  const limits = [2, 60, 60, 100, 1_000, 3];
  const rows = ['a', '', 0, 1, ...limits, ...limits, 'b', 'm', 0, 1, ...limits, ...limits];
  const acquire = async (id: string): Promise<[string, number, string, number]> =>
    (await run('acquire-permit', id, 2, minute, 250, ...rows)) as [string, number, string, number];
  const [back, today, month] = await acquire('back');
  await run('stamp-permit', 'back', 2, back, 60, 60);
  await run('release-permit', 'back', 2, today, month, back, 1_000);
  for (const [i, news] of ['failed', 'served', 'failed', 'limited', 'parked'].entries()) {
    const id = `permit ${i}`;
    const [account, , , taken] = await acquire(id);
    const books = account === 'b' ? ['b', 'b:model:m'] : ['a'];
    await run('permit-sent', id, 2, 250, ...books.flatMap((name) => [name, 1_000]));
    await run('renew-permits', minute, ...books.flatMap((name) => [name, id]));
    await run('report-call', id, news, 0, 'why', taken, 1, 60, 0, 1, 1, ...books.flatMap((name) => [name, 2]));
    await run('read-account', account, 2, 60);
    await run('read-account-books', account);
  }
});

test('a probe and what is learned', async () => {
  const probe = (status: string): string => JSON.stringify({ id: 'prb', status });
  expect(await run('begin-probe', 'a', 'prb', probe('running'), 'probed', 'print', day, day)).toEqual(['begun', 'prb']);
  await run('learn-findings', 'a', day, 'edit|m', '{}');
  expect(await run('end-probe', 'a', 'prb', probe('completed'), day, 'm', 'mask|m', '{}')).toBe(1);
  expect(await run('restore-profile', 'fresh', probe('completed'), day, 'mask|m', '{}')).toBe(1);
});

test('a batch, from its order to its retry', async () => {
  const id = 'batch_1';
  const cost = { actual: 5, twice: 0, reserved: 5, usage: {} };
  expect(await run('submit-batch', id, '{}', 'p', at, 'ordered', 'print', day, '')).toEqual(['created', id]);
  expect(await run('begin-batch', 'w', id, 'in_progress', 4, '[0]', '[]', ...event('evt_b', 'batch.in_progress'))).toBe(
    1,
  );
  expect(await run('announce-batch', 'w', id, ...event('evt_p', 'batch.progress'))).toBe(1);
  for (const what of ['pause', 'resume']) expect(await run('change-batch', id, what, '')).toEqual([1, 'in_progress']);
  const feed = async (line: number, what: string, generation: number): Promise<ScriptAnswer> => {
    const job = [`${id}-${line}`, JSON.stringify({ key_id: 'k' }), at, 'class', '{}', 'ready', 5, '[]', '', '', minute];
    return run('feed-line', 'w', id, line, 10 * line, what, '', 5, ...job, 'm', generation, '[]');
  };
  expect(await feed(1, 'next', 1)).toBe(1);
  expect(await feed(2, 'next', 1)).toBe(1);
  expect(await run('feed-line', 'w', id, 3, 30, 'next', '{"line":3}', '')).toBe(0);
  expect(await run('pass-lines', 'w', id, 3, 4, 40)).toBe(1);
  for (const [line, status] of [
    [1, 'completed'],
    [2, 'failed'],
  ] as const) {
    const job = `${id}-${line}`;
    await run('begin-job', job, 1, 1, 'w', `asking ${job}`);
    const args = finish(job, 1, status).slice(0, 7);
    expect(await run('finish-job', ...args, '', '', '', `{"line":${line}}`, JSON.stringify(cost))).toBe(1);
  }
  expect(await run('flush-batch', 'w', id, 3, '{"name":"part"}', '[]', `${id}-1`, 0, `${id}-2`, 0)).toBe(1);
  expect(await run('finalize-batch', 'w', id)).toBe(1);
  const closed = ['completed', 'file_o', '', 0, ...event('evt_end', 'batch.completed')];
  expect(await run('close-batch', 'w', id, ...closed)).toBe(1);
  expect(await run('retry-batch', id, '', '', '', '', day, 'k', '1000')).toBe('retried');
  expect(await run('mark-again', 'w', id, 1, 2, '')).toBe(1);
  expect(await feed(2, 'again', 2)).toBe(1);
  await world.redis.unlink(world.scripts.key('job', `${id}-2`));
  expect(await run('mend-lines', 'w', id, `${id}-2`)).toBe(1);
  expect(await run('change-batch', id, 'cancel', '')).toEqual([1, 'cancelling']);
  expect(await run('finalize-batch', 'w', id)).toBe(1);
  expect(await run('close-batch', 'w', id, 'cancelled', '', '', 1, ...event('evt_end2', 'batch.cancelled'))).toBe(1);
  expect(await run('retry-batch', id, '', '', 'by key', 'print', day, 'k', '')).toBe('retried');
});

test('what is restored', async () => {
  const fields = { project: 'p', created: String(at), status: 'queued', class: 'class', batch: '' };
  const row = { id: 'job_r', fields, class_row: '{}', custom: 'c', due: true, deadline: '', ttl: '', unknown: [] };
  expect(await run('restore-job', JSON.stringify(row))).toBe(1);
  const line = { ...row, id: 'batch_r-1', custom: '', fields: { ...fields, batch: 'batch_r' } };
  const batch = JSON.stringify({ project: 'p', status: 'in_progress', 'at:validating': String(at) });
  const rest = ['["part"]', '["record"]', '{"3":"[]"}', JSON.stringify([line]), 'states'];
  expect(await run('restore-batch', 'batch_r', batch, '', '[0]', ...rest)).toBe(1);
});

test('what is left at the end', async () => {
  await run('delete-api-key', 'k', 'p');
  await run('resign', 'w');
  // A script that is new has its place above, with what it does when it is sent twice.
  expect(scriptNames.filter((name) => !sent.has(name))).toEqual([]);
});
