import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  createBatch,
  getBatch,
  jsonl,
  line,
  lines,
  upload,
  type BatchAnswer,
  type Refusal,
} from '../../../test/batch-calls.js';
import { createWorld, type World } from '../../../test/world.js';

/** `/v1/batches` by the front door, without a worker: what is taken, what is refused, and who may see it. */

let world: World;
beforeAll(async () => {
  world = await createWorld({ worker: false });
});
afterAll(async () => world.close());

const one = [line('sku/1', { prompt: 'a mug' })];
const refused = async (body: unknown): Promise<unknown[]> => {
  const { status, body: answer } = await world.call<Refusal>('POST', '/v1/batches', body);
  return [status, answer.error.code, answer.error.param];
};
const objects = async (id: string): Promise<string[]> => {
  const keys: string[] = [];
  for await (const { key } of world.storage.list(`default/batches/${id}/`)) keys.push(key.split('/').at(-1) ?? '');
  return keys;
};

test("a batch is OpenAI's object, with every key of it, and ours", async () => {
  const file = await upload(world, jsonl(one), 'lines.jsonl');
  const endpoint = '/v1/images/generations';
  const batch = await createBatch(world, {
    input_file_id: file,
    endpoint,
    completion_window: '24h',
    metadata: { season: 'spring' },
    max_cost: 12.5,
  });
  expect(batch).toEqual({
    id: expect.stringMatching(/^batch_/),
    object: 'batch',
    endpoint,
    model: null,
    errors: null,
    input_file_id: file,
    completion_window: '24h',
    status: 'validating',
    output_file_id: null,
    error_file_id: null,
    created_at: expect.any(Number),
    in_progress_at: null,
    expires_at: batch.created_at + 86_400,
    finalizing_at: null,
    completed_at: null,
    failed_at: null,
    expired_at: null,
    cancelling_at: null,
    cancelled_at: null,
    request_counts: { total: 0, completed: 0, failed: 0, cancelled: 0 },
    usage: {
      input_tokens: 0,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: 0,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 0,
    },
    metadata: { season: 'spring' },
    generation: 1,
    priority: 'low',
    deadline: null,
    on_unknown_outcome: 'retry',
    max_cost: 12.5,
    cost: { currency: 'USD', estimated: null, actual: 0, possibly_billed_twice: { attempts: 0, cost: 0 } },
    paused_at: null,
    progress: 0,
    eta_seconds: null,
    bound_by: null,
  });
  expect(await getBatch(world, batch.id)).toEqual(batch);
  expect(await objects(batch.id)).toEqual(['batch.json']);
});

test('lines that come with it lie in the bucket, in the form of a file, before it is answered', async () => {
  const given = [{ ...one[0], method: undefined, more: 'dropped' }, line('2', { prompt: 'b' })];
  const { id, endpoint } = await createBatch(world, { requests: given });
  expect([endpoint, await objects(id)]).toEqual([null, ['batch.json', 'input.jsonl']]);
  const object = await world.storage.get(`default/batches/${id}/input.jsonl`);
  const text = (await object?.body.toArray())?.join('');
  expect(text).toBe(jsonl([one[0], given[1]]));
});

test('up to 1000 lines of 7 kB come in one request', async () => {
  const { id } = await createBatch(world, { requests: lines(1_000, 'x', 'x'.repeat(7_000)) });
  expect((await getBatch(world, id)).status).toBe('validating');
});

describe('what is refused', () => {
  test.each<[string, Record<string, unknown>, unknown[]]>([
    ['no lines', {}, [400, 'invalid_parameter', 'input_file_id']],
    ['two sources', { input_file_id: 'file-x', requests: one }, [400, 'invalid_parameter', 'requests']],
    ['no requests', { requests: [] }, [400, 'invalid_parameter', 'requests']],
    ['1001 requests', { requests: lines(1_001, 'x') }, [400, 'array_too_long', 'requests']],
    ['an unknown file', { input_file_id: 'file-unknown' }, [400, 'file_not_found', 'input_file_id']],
    ['another endpoint', { requests: one, endpoint: '/v1/responses' }, [400, 'invalid_parameter', 'endpoint']],
    ['another window', { requests: one, completion_window: '1h' }, [400, 'invalid_parameter', 'completion_window']],
    ['priority high', { requests: one, priority: 'high' }, [400, 'invalid_parameter', 'priority']],
    ['a deadline of before', { requests: one, deadline: 1 }, [400, 'invalid_parameter', 'deadline']],
    ['a max_cost of nothing', { requests: one, max_cost: 0 }, [400, 'invalid_parameter', 'max_cost']],
    [
      'a template without a file',
      { requests: one, template: { custom_id: 'x' } },
      [400, 'invalid_parameter', 'template'],
    ],
    ['an unknown parameter', { requests: one, model: 'x' }, [400, 'unknown_parameter', 'model']],
    [
      'a webhook into the house',
      { requests: one, webhook_url: 'https://10.0.0.1/' },
      [400, 'invalid_parameter', 'webhook_url'],
    ],
  ])('%s', async (_what, body, expected) => expect(await refused(body)).toEqual(expected));

  test.each<[string, unknown, string]>([
    ['no custom_id', { ...one[0], custom_id: undefined }, 'requests.1.custom_id'],
    ['a custom_id twice', one[0], 'requests.1.custom_id'],
    ['another method', { ...line('2', {}), method: 'GET' }, 'requests.1.method'],
    ['another route', line('2', {}, '/v1/chat/completions'), 'requests.1.url'],
    ['no body', { ...line('2', {}), body: [] }, 'requests.1.body'],
    ['no object', 'a mug', 'requests.1'],
  ])('a line with %s, by its place', async (_what, second, param) => {
    const { status, body } = await world.call<Refusal>('POST', '/v1/batches', { requests: [one[0], second] });
    expect([status, body.error.param]).toEqual([400, param]);
  });

  test('a row that says it is one of ours is read as its user wrote it', async () => {
    const { id } = await createBatch(world, { requests: [{ ...one[0], row_error: 'no' }] });
    expect(id).toMatch(/^batch_/);
  });

  test('a line against the endpoint of the batch', async () => {
    const body = { requests: one, endpoint: '/v1/images/edits' };
    expect(await refused(body)).toEqual([400, 'invalid_parameter', 'requests.0.url']);
  });

  test('a file of another purpose, and a catalogue without a template, with what to do', async () => {
    const vision = await upload(world, 'x', 'x.jsonl', 'vision');
    const csv = await upload(world, 'sku,title\n1,mug\n', 'x.CSV');
    expect(await refused({ input_file_id: vision })).toEqual([400, 'invalid_parameter', 'input_file_id']);
    expect(await refused({ input_file_id: csv })).toEqual([400, 'missing_required_parameter', 'template']);
  });

  test('more text than fits, with where to send it', async () => {
    const { status, body } = await world.call<Refusal>('POST', '/v1/batches', {
      requests: lines(900, 'y', 'y'.repeat(10_000)),
    });
    expect([status, body.error.code]).toEqual([413, 'payload_too_large']);
    expect(body.error.message).toMatch(/POST \/v1\/files/);
  });
});

test('a repeat by Idempotency-Key is the same batch and leaves nothing behind; another body is 422', async () => {
  const send = async (body: unknown) =>
    world.call<BatchAnswer & Refusal>('POST', '/v1/batches', body, { 'idempotency-key': 'k1' });
  const { body: first } = await send({ requests: one });
  const before = (await allKeys()).length;
  expect((await send({ requests: one })).body.id).toBe(first.id);
  const other = await send({ requests: one, metadata: { a: 'b' } });
  expect([other.status, other.body.error.code]).toEqual([422, 'idempotency_key_reused']);
  expect((await allKeys()).length).toBe(before);
});

async function allKeys(): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of world.storage.list('default/batches/')) keys.push(key);
  return keys;
}

test('lists page by cursor, newest first', async () => {
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) ids.push((await createBatch(world, { requests: one })).id);
  interface List {
    data: BatchAnswer[];
    has_more: boolean;
    last_id: string;
  }
  const read = async (query: string) => (await world.call<List>('GET', `/v1/batches?${query}`)).body;
  const seen: string[] = [];
  let page = await read('limit=2');
  seen.push(...page.data.map(({ id }) => id));
  while (page.has_more) {
    page = await read(`limit=2&after=${page.last_id}`);
    seen.push(...page.data.map(({ id }) => id));
  }
  expect(seen).toHaveLength(new Set(seen).size);
  expect(new Set(seen.slice(0, 5))).toEqual(new Set(ids));
  const { status, body } = await world.call<Refusal>('GET', '/v1/batches?after=batch_0000000000000000000000');
  expect([status, body.error.param]).toEqual([400, 'after']);
});

test('an unchanged batch is 304 to who has it; ?wait=0 answers as it stands', async () => {
  const { id } = await createBatch(world, { requests: one });
  const first = await world.call('GET', `/v1/batches/${id}`);
  const etag = first.headers.get('etag') ?? '';
  expect(etag).toMatch(/^W\//);
  expect((await world.call('GET', `/v1/batches/${id}`, undefined, { 'if-none-match': etag })).status).toBe(304);
  await world.call('POST', `/v1/batches/${id}/cancel`);
  expect((await world.call('GET', `/v1/batches/${id}?wait=0`, undefined, { 'if-none-match': etag })).status).toBe(200);
});

test('cancel is answered at once and may be repeated; what does not run is neither paused nor resumed', async () => {
  const { id } = await createBatch(world, { requests: one });
  const pause = await world.call<Refusal>('POST', `/v1/batches/${id}/pause`);
  expect([pause.status, pause.body.error.code, pause.headers.get('x-should-retry')]).toEqual([
    409,
    'batch_not_running',
    'false',
  ]);
  for (let i = 0; i < 2; i++) {
    const { status, body } = await world.call<BatchAnswer>('POST', `/v1/batches/${id}/cancel`, {});
    expect([status, body.status]).toEqual([200, 'cancelling']);
  }
  expect((await world.call('POST', `/v1/batches/${id}/resume`)).status).toBe(409);
});

test("another project's batch is as one that never was, on every route", async () => {
  const { id } = await createBatch(world, { requests: one });
  const key = `${world.prefix}batch:${id}`;
  const spec = JSON.parse((await world.redis.hget(key, 'spec')) ?? '{}') as object;
  await world.redis.hset(key, 'spec', JSON.stringify({ ...spec, project: 'theirs' }), 'project', 'theirs');
  const unknown = 'batch_0000000000000000000000';
  const ask = async (method: string, path: string) => {
    const { status, body } = await world.call(method, path);
    return { status, body };
  };
  for (const [method, rest] of [
    ['GET', ''],
    ['GET', '/jobs'],
    ['GET', '/results'],
    ['GET', '/events'],
    ['POST', '/cancel'],
    ['POST', '/pause'],
    ['POST', '/resume'],
  ] as const) {
    const theirs = await ask(method, `/v1/batches/${id}${rest}`);
    expect(theirs).toEqual(await ask(method, `/v1/batches/${unknown}${rest}`));
    expect(theirs.status).toBe(404);
  }
  const job = `job_${id.slice('batch_'.length)}-1`;
  expect((await ask('GET', `/v1/jobs/${job}`)).status).toBe(404);
  expect((await ask('GET', `/v1/jobs/${job}/images/0`)).status).toBe(404);
  expect((await ask('GET', `/v1/jobs?batch_id=${id}`)).status).toBe(400);
});

describe('retry', () => {
  const retry = async (id: string, body?: unknown, headers?: Record<string, string>) =>
    world.call<Refusal & BatchAnswer>('POST', `/v1/batches/${id}/retry`, body, headers);

  test('is refused while a batch has not ended; an unknown batch is 404', async () => {
    const { id } = await createBatch(world, { requests: one });
    const refusal = await retry(id);
    expect([refusal.status, refusal.body.error.code]).toEqual([409, 'batch_not_running']);
    expect((await retry('batch_0000000000000000000000')).status).toBe(404);
    expect((await retry(id, { error_code: 'No Such Code' })).body.error.param).toBe('error_code');
  });
});
