import { afterAll, beforeAll, expect, test } from '@jest/globals';
import sharp from 'sharp';
import type { BatchStore } from '@rendermill/shared/adapters/redis/batch-store';
import type { Batch, BatchSpec } from '@rendermill/shared/domain/batch';
import { batchRows, batchStore, endedBatch, line, submitLines } from '../../../test/batches.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

let world: World;
let store: BatchStore;
beforeAll(async () => {
  world = await createWorld({ simulator: ['--pool', '3k'], account: { limits: { concurrency: 5 } } });
  store = batchStore(world);
});
afterAll(async () => world.close());

const submit = async (lines: readonly string[], over: Partial<BatchSpec> = {}) => submitLines(world, lines, over);
const ended = async (id: string) => endedBatch(world, id);
const read = async (batch: Batch, name: string) => batchRows(world, batch, name);
const retry = async (id: string, error_code: string) =>
  expect((await world.call('POST', `/v1/batches/${id}/retry`, { error_code })).status).toBe(200);
const codeOf = (row: Record<string, unknown>) =>
  (row['response'] as { body: { error: { code: string } } }).body.error.code;

test('every line becomes a picture or an error, once; the good, the bad and the ugly in one file', async () => {
  await world.simulator.faults([{ when: { promptIncludes: 'forbidden' }, fault: { kind: 'moderation_blocked' } }]);
  const lines = Array.from({ length: 60 }, (_, i) => line(`sku/${i}`, { prompt: `mug ${i}`, n: 1 }));
  lines.push(line('bad size', { prompt: 'x', size: '17x3', model: 'gpt-image-1' }), line('no prompt', {}));
  lines.push(line('blocked', { prompt: 'forbidden' }), line('b64', { prompt: 'inline', response_format: 'b64_json' }));
  const batch = await ended(await submit(lines));
  expect([batch.status, batch.total, batch.completed, batch.failed]).toEqual(['completed', 64, 61, 3]);
  const output = await read(batch, 'output.jsonl');
  const errors = await read(batch, 'errors.jsonl');
  expect([output.length, errors.length, (await read(batch, 'manifest.jsonl')).length]).toEqual([61, 3, 64]);
  expect(new Set([...output, ...errors].map(({ custom_id }) => custom_id)).size).toBe(64);
  const [first] = output;
  if (!first) throw new Error('no output');
  const link = (first['response'] as { body: { data: { url: string }[] } }).body.data[0]?.url ?? '';
  expect(link).toMatch(new RegExp(`^${world.url}/v1/jobs/job_.+/images/0\\?expires=\\d+&signature=`));
  const inline = output.find(({ custom_id }) => custom_id === 'b64');
  expect(JSON.stringify(inline)).toMatch(/"b64_json":"iVBORw0K/);
  const codes = errors.map(codeOf);
  expect(codes.sort()).toEqual(['invalid_size', 'missing_required_parameter', 'moderation_blocked']);
  // Nothing of it stays in Redis but the batch itself.
  const keys = await world.redis.keys(`${world.prefix}job:*`);
  expect([keys, await world.redis.llen(`${world.prefix}batch:${batch.id}:results`)]).toEqual([[], 0]);
  const charged = (await world.simulator.ledger()).filter((entry) => entry.charged);
  expect([charged.length, batch.cost.actual]).toEqual([
    61,
    charged.reduce((sum, { cost_micros }) => sum + cost_micros, 0),
  ]);
});

test('a line that nobody can have meant so is its own fault, and says where', async () => {
  const written = (custom_id: string, body: string): string =>
    `{"custom_id":"${custom_id}","url":"/v1/images/generations","body":${body}}`;
  const batch = await ended(
    await submit([
      line('good', { prompt: 'a mug' }),
      written('twice', '{"prompt":"a mug","prompt":"a cup"}'),
      written('proto', '{"prompt":"a mug","svg":{"__proto__":{"polluted":true}}}'),
      written('half', '{"prompt":"a mug","user":"\\ud800"}'),
      written('deep', `{"prompt":${'['.repeat(100_000)}${']'.repeat(100_000)}}`),
    ]),
  );
  expect([batch.completed, batch.failed]).toEqual([1, 4]);
  const errors = (await read(batch, 'errors.jsonl')) as { custom_id: string; response: { body: { error: object } } }[];
  expect(Object.fromEntries(errors.map((row) => [row.custom_id, row.response.body.error]))).toMatchObject({
    twice: { code: 'duplicate_key', param: 'prompt' },
    proto: { code: 'forbidden_key', param: 'svg.__proto__' },
    half: { code: 'invalid_parameter', param: 'user' },
    deep: { code: 'too_deep' },
  });
});

test('usage tells batches apart, and what came alone', async () => {
  const [id] = await Promise.all([
    submit([line('u1', { prompt: 'counted' }), line('u2', { prompt: 'counted too', n: 2 })]),
    world.submit({ prompt: 'alone' }).then(async (job) => world.ended(job.id)),
  ]);
  const batch = await ended(id);
  interface Report {
    readonly data: { batch: string | null; requests: number; images: number; cost: { total: number } }[];
    readonly total: { requests: number };
  }
  const { body } = await world.call<Report>('GET', '/v1/usage?group_by=batch');
  const own = body.data.find((row) => row.batch === id);
  expect([own?.requests, own?.images]).toEqual([2, 3]);
  expect(Math.round((own?.cost.total ?? 0) * 1e6)).toBe(batch.cost.actual);
  expect(body.data.reduce((sum, row) => sum + row.requests, 0)).toBe(body.total.requests);
  expect(body.data.find((row) => row.batch === null)?.requests).toBeGreaterThan(0);
});

test('faults of structure are named with their lines, and nothing is bought', async () => {
  const before = (await world.simulator.stats()).requests;
  const batch = await ended(
    await submit([
      line('one', { prompt: 'a' }),
      'not json',
      line('one', { prompt: 'b' }),
      JSON.stringify({ method: 'POST', url: '/v1/images/generations', body: {} }),
      line('four', { prompt: 'c' }, '/v1/chat/completions'),
    ]),
  );
  expect([batch.status, batch.errors.map(({ code, line: number }) => [code, number])]).toEqual([
    'failed',
    [
      ['invalid_json_line', 2],
      ['duplicate_custom_id', 3],
      ['missing_custom_id', 4],
      ['invalid_url', 5],
    ],
  ]);
  expect((await world.simulator.stats()).requests).toBe(before);
});

test('a paused batch begins no line; resumed it ends; lines that failed are run again by a retry, the others are not', async () => {
  const prompt = 'pause and retry';
  await world.simulator.faults([{ when: { promptIncludes: `${prompt} 3` }, fault: { kind: 'moderation_blocked' } }]);
  const id = await submit(Array.from({ length: 40 }, (_, i) => line(`p${i}`, { prompt: `${prompt} ${i}` })));
  await until(async () => ((await store.get('default', id))?.completed ?? 0) > 0);
  expect(await store.change(id, 'pause')).toBe(true);
  await until(async () => (await store.get('default', id))?.open === 0);
  const paused = await store.get('default', id);
  expect([paused?.status, paused?.paused_at === null]).toEqual(['in_progress', false]);
  expect(paused?.cursor).toBeLessThan(40);
  await store.change(id, 'resume');
  const first = await ended(id);
  // 3 and 30 to 39.
  expect([first.completed, first.failed]).toEqual([29, 11]);
  await world.simulator.faults([
    { when: { promptIncludes: `${prompt} 3` }, times: 1, fault: { kind: 'moderation_blocked' } },
  ]);
  await retry(id, 'invalid_size');
  const none = await ended(id);
  expect([none.status, none.generation, none.completed, none.failed]).toEqual(['completed', 2, 29, 11]);
  await retry(id, 'moderation_blocked');
  const second = await ended(id);
  expect([second.generation, second.completed, second.failed]).toEqual([3, 39, 1]);
  const rows = [...(await read(second, 'output.3.jsonl')), ...(await read(second, 'errors.3.jsonl'))];
  expect([rows.length, new Set(rows.map(({ custom_id }) => custom_id)).size]).toEqual([40, 40]);
  const charged = (await world.simulator.ledger()).filter((entry) => entry.charged && entry.prompt?.startsWith(prompt));
  expect([charged.length, new Set(charged.map((entry) => entry.prompt)).size]).toEqual([39, 39]);
});

test('a cancelled batch keeps what is made; every other line says that it was cancelled', async () => {
  const id = await submit(Array.from({ length: 300 }, (_, i) => line(`c${i}`, { prompt: `cancel ${i}` })));
  await until(async () => ((await store.get('default', id))?.completed ?? 0) > 0);
  await store.change(id, 'cancel');
  const batch = await ended(id);
  expect([batch.status, batch.completed + batch.cancelled, batch.failed]).toEqual(['cancelled', 300, 0]);
  expect((await read(batch, 'output.jsonl')).length).toBe(batch.completed);
  const errors = await read(batch, 'errors.jsonl');
  expect(errors.length).toBe(batch.cancelled);
  expect(new Set(errors.map((row) => (row['error'] as { code: string }).code))).toEqual(new Set(['batch_cancelled']));
});

test('a retry that is cancelled leaves its lines as they were, for the next', async () => {
  const prompt = 'cancelled retry';
  await world.simulator.faults([{ when: { promptIncludes: prompt }, fault: { kind: 'moderation_blocked' } }]);
  const id = await submit(Array.from({ length: 60 }, (_, i) => line(`r${i}`, { prompt: `${prompt} ${i}` })));
  expect((await ended(id)).failed).toBe(60);
  await world.simulator.faults([{ when: { promptIncludes: prompt }, fault: { kind: 'hang_before_headers' } }]);
  await retry(id, 'moderation_blocked');
  await until(async () => (await world.simulator.stats()).held === 5);
  await store.change(id, 'cancel');
  await world.simulator.faults([]);
  await world.simulator.release();
  const stopped = await ended(id);
  expect([stopped.status, stopped.completed + stopped.cancelled + stopped.failed]).toEqual(['cancelled', 60]);
  expect(stopped.failed).toBeGreaterThan(20);
  const rows = [...(await read(stopped, 'output.2.jsonl')), ...(await read(stopped, 'errors.2.jsonl'))];
  expect(new Set(rows.map(({ custom_id }) => custom_id)).size).toBe(60);
  expect((await world.call('POST', `/v1/batches/${id}/retry`)).status).toBe(200);
  const last = await ended(id);
  expect([last.status, last.completed, last.failed, last.cancelled]).toEqual(['completed', 60, 0, 0]);
});

test('max_cost stops the feeding; what was never begun fails with budget_exceeded', async () => {
  const lines = Array.from({ length: 30 }, (_, i) =>
    line(`m${i}`, { prompt: `money ${i}`, quality: 'low', size: '1024x1024', model: 'gpt-image-1' }),
  );
  const batch = await ended(await submit(lines, { max_cost: 100_000 }));
  expect([batch.status, batch.completed + batch.failed]).toEqual(['completed', 30]);
  expect(batch.completed).toBeGreaterThan(0);
  expect(batch.cost.actual).toBeLessThanOrEqual(100_000);
  const codes = (await read(batch, 'errors.jsonl')).map(codeOf);
  expect(new Set(codes)).toEqual(new Set(['budget_exceeded']));
});

test("lines with images: by data URL, by file, by URL, masked; what is no image is its own line's fault", async () => {
  const picture = await sharp({ create: { width: 256, height: 256, channels: 4, background: '#205030' } })
    .png()
    .toBuffer();
  const data = `data:image/png;base64,${picture.toString('base64')}`;
  const hole = sharp({ create: { width: 256, height: 256, channels: 4, background: '#00000000' } })
    .png()
    .toBuffer();
  const upload = async (bytes: Buffer): Promise<string> => {
    const form = new FormData();
    form.set('purpose', 'vision');
    form.set('file', new Blob([new Uint8Array(bytes)]), 'mug.png');
    return (await world.call<{ id: string }>('POST', '/v1/files', form)).body.id;
  };
  const [file_id, mask] = [await upload(picture), await upload(await hole)];
  const edits = '/v1/images/edits';
  const model = 'gpt-image-1';
  const batch = await ended(
    await submit([
      line('data', { model, prompt: 'by data URL', images: [{ image_url: data }] }, edits),
      line(
        'file',
        { model, prompt: 'by file', images: [{ file_id }, { image_url: data }], mask: { file_id: mask } },
        edits,
      ),
      line('generation', { model, prompt: 'an edit all the same', image: data }),
      line('gone', { model, prompt: 'no such file', images: [{ file_id: 'file-0000000000000000000000' }] }, edits),
      line('text', { model, prompt: 'no image', images: [{ image_url: 'data:image/png;base64,aGVsbG8=' }] }, edits),
      line('url', { model, prompt: 'unreachable', images: ['http://127.0.0.1:9/x.png'] }, edits),
    ]),
  );
  expect([batch.completed, batch.failed]).toEqual([3, 3]);
  const codes = new Map((await read(batch, 'errors.jsonl')).map((row) => [row['custom_id'], codeOf(row)]));
  expect(codes.get('gone')).toBe('image_file_not_found');
  expect(codes.get('text')).toMatch(/image/);
  expect(codes.get('url')).toBe('image_url_unreachable');
  const calls = (await world.simulator.ledger()).filter(
    ({ prompt }) => prompt?.startsWith('by ') || prompt === 'an edit all the same',
  );
  expect(calls.map(({ path }) => path)).toEqual(Array(3).fill('/v1/images/edits'));
});

test('a batch whose deadline has passed expires, with what it made', async () => {
  const batch = await ended(
    await submit([line('late', { prompt: 'late' })], { deadline: Math.floor(Date.now() / 1_000) - 5 }),
  );
  expect([batch.status, batch.failed]).toEqual(['expired', 1]);
  expect((await read(batch, 'errors.jsonl'))[0]?.['error']).toMatchObject({ code: 'batch_expired' });
});

test('one completion event, and its milestones', async () => {
  const id = await submit(
    Array.from({ length: 20 }, (_, i) => line(`w${i}`, { prompt: `told ${i}` })),
    {
      webhook_url: world.receiver.url,
    },
  );
  await ended(id);
  await until(async () => world.receiver.received.some(({ body }) => body.includes('batch.completed')));
  const types = world.receiver.received
    .map(({ body }) => JSON.parse(body) as { type: string; data: { id: string } })
    .filter(({ data }) => data.id === id)
    .map(({ type }) => type);
  expect(types.filter((type) => type === 'batch.completed')).toHaveLength(1);
  expect(types).toContain('batch.in_progress');
});

test('a job that comes alone is made before what waits of a long batch', async () => {
  const id = await submit(Array.from({ length: 2_000 }, (_, i) => line(`f${i}`, { prompt: `long ${i}` })));
  await until(async () => ((await store.get('default', id))?.completed ?? 0) > 5);
  const job = await world.ended((await world.submit({ prompt: 'in between' })).id);
  const behind = await store.get('default', id);
  expect([job.status, behind?.status]).toEqual(['completed', 'in_progress']);
  await store.change(id, 'cancel');
  await ended(id);
});

test('a batch that was cancelled before its lines were counted is run in full by a retry', async () => {
  const idle = await createWorld({ worker: false });
  const { body } = await idle.call<{ id: string }>('POST', '/v1/batches', {
    requests: ['a', 'b'].map((custom_id) => ({
      custom_id,
      method: 'POST',
      url: '/v1/images/generations',
      body: { prompt: `late ${custom_id}`, model: 'gpt-image-1', size: '1024x1024', quality: 'low' },
    })),
  });
  const one = `/v1/batches/${body.id}`;
  const end = async () => (await idle.call<Record<string, unknown>>('GET', `${one}?wait=60`)).body;
  expect((await idle.call('POST', `${one}/cancel`)).status).toBe(200);
  await idle.startWorker();
  expect(await end()).toMatchObject({ status: 'cancelled', request_counts: { total: 0 } });
  expect((await idle.call('POST', `${one}/retry`)).body).toMatchObject({ status: 'validating', generation: 2 });
  expect(await end()).toMatchObject({ status: 'completed', request_counts: { total: 2, completed: 2 } });
  await idle.close();
});
