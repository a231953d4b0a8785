import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { unzipSync } from 'fflate';
import { sha } from '../../../test/clients/support.js';
import {
  createBatch,
  endedBatch,
  getBatch,
  jsonl,
  line,
  lines,
  upload,
  type Refusal,
} from '../../../test/batch-calls.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

/** A batch's lines, wherever they lie: waiting in the input, open in the ledger, ended and flushed to the bucket. */

interface Row {
  id: string;
  line: number;
  custom_id: string | null;
  status: string;
  batch_id: string;
  type: string | null;
  request: { prompt: string } | null;
  images: { url: string; key: string; sha256: string; index: number; variants: object[] }[];
  error: { code: string } | null;
}
interface List {
  data: Row[];
  has_more: boolean;
  last_id: string | null;
}

let world: World;
beforeAll(async () => {
  world = await createWorld({ account: { limits: { concurrency: 4 } } });
});
afterAll(async () => world.close());

const read = async (path: string): Promise<List> => (await world.call<List>('GET', path)).body;

/** Every row of a list, page by page. */
async function all(path: string): Promise<Row[]> {
  const rows: Row[] = [];
  let page = await read(path);
  rows.push(...page.data);
  while (page.has_more) {
    page = await read(`${path}&after=${page.last_id}`);
    rows.push(...page.data);
  }
  return rows;
}

const numbers = (rows: readonly Row[]): number[] => rows.map(({ line: number }) => number);

describe('while it runs', () => {
  const prompt = 'stuck';
  let id: string;
  beforeAll(async () => {
    await world.simulator.faults([{ when: { promptIncludes: prompt }, fault: { kind: 'hang_before_headers' } }]);
    const given = [...lines(6, 'quick'), line('no prompt', {}), ...lines(1_200, prompt)];
    ({ id } = await createBatch(world, { requests: given.slice(0, 1_000), priority: 'normal' }));
    await until(async () => {
      const { request_counts } = await getBatch(world, id);
      const held = await world.simulator.stats();
      return request_counts.completed === 6 && request_counts.failed === 1 && held.in_flight >= 4;
    });
  });
  afterAll(async () => {
    await world.call('POST', `/v1/batches/${id}/cancel`);
    await world.simulator.faults([]);
    await world.simulator.release();
    await endedBatch(world, id);
  });

  test('lines are listed in their order, each once, over all pages', async () => {
    const rows = await all(`/v1/batches/${id}/jobs?limit=100`);
    expect(numbers(rows)).toEqual(Array.from({ length: 1_000 }, (_, i) => i + 1));
    expect(rows.slice(0, 7).map(({ status }) => status)).toEqual([...Array<string>(6).fill('completed'), 'failed']);
    expect(rows[0]).toMatchObject({ custom_id: 'quick 1', batch_id: id, request: { prompt: 'quick 1' } });
    expect(rows[0]?.images).toHaveLength(1);
    expect(rows[6]).toMatchObject({ custom_id: 'no prompt', request: null, error: { param: 'prompt' } });
    expect(rows[7]).toMatchObject({ custom_id: 'stuck 1', status: 'in_progress', type: 'generation' });
    expect(rows[999]).toMatchObject({ custom_id: 'stuck 993', status: 'queued', request: null, images: [] });
  });

  test('they are found by status and by the code of their error, backwards too', async () => {
    expect(numbers(await all(`/v1/batches/${id}/jobs?status=completed&limit=4`))).toEqual([1, 2, 3, 4, 5, 6]);
    expect(numbers(await all(`/v1/batches/${id}/jobs?status=in_progress&limit=100`))).toHaveLength(4);
    expect(numbers(await all(`/v1/batches/${id}/jobs?error_code=missing_required_parameter&limit=1`))).toEqual([7]);
    expect(numbers(await all(`/v1/batches/${id}/jobs?error_code=moderation_blocked&limit=1`))).toEqual([]);
    const back = await read(`/v1/batches/${id}/jobs?order=desc&limit=3`);
    expect(numbers(back.data)).toEqual([1_000, 999, 998]);
    expect(numbers(await all(`/v1/jobs?batch_id=${id}&status=completed&limit=4`))).toEqual([6, 5, 4, 3, 2, 1]);
    expect(numbers(await all(`/v1/jobs?batch_id=${id}&order=asc&custom_id=stuck%20900&limit=5`))).toEqual([907]);
  });

  test('a line that waits is a job that is queued; it is cancelled and retried with its batch', async () => {
    const waiting = `/v1/jobs/job_${id.slice('batch_'.length)}-900`;
    const { status, body, headers } = await world.call<Row>('GET', waiting);
    expect([status, body.status, body.line, body.custom_id]).toEqual([200, 'queued', 900, 'stuck 893']);
    expect((await world.call('GET', waiting, undefined, { 'if-none-match': headers.get('etag') ?? '' })).status).toBe(
      304,
    );
    for (const [what, code, hint] of [
      ['cancel', 'job_not_cancellable', '/v1/batches/{id}/cancel'],
      ['retry', 'job_not_retryable', '/v1/batches/{id}/retry'],
    ] as const) {
      const refused = await world.call<Refusal>('POST', `${waiting}/${what}`);
      expect([refused.status, refused.body.error.code]).toEqual([409, code]);
      expect(refused.body.error.message).toContain(hint);
    }
    expect((await world.call('GET', waiting.replace(/-900$/, '-1001'))).status).toBe(404);
  });

  test('the limit that binds is named, and a pause before it', async () => {
    expect((await getBatch(world, id)).bound_by).toBe('concurrency');
    const paused = (await world.call<{ bound_by: string; paused_at: number }>('POST', `/v1/batches/${id}/pause`)).body;
    expect([paused.bound_by, paused.paused_at]).toEqual(['paused', expect.any(Number)]);
    const resumed = (await world.call<{ paused_at: null }>('POST', `/v1/batches/${id}/resume`)).body;
    expect(resumed.paused_at).toBeNull();
  });

  test('what has ended can be had as rows', async () => {
    const { body } = await world.call<string>('GET', `/v1/batches/${id}/results`);
    const rows = body
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text) as Row);
    expect(numbers(rows).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test('the cost of all lines is estimated by those begun, and the progress counts those that ended', async () => {
    const { cost, progress } = await getBatch(world, id);
    expect(progress).toBe(0.007);
    // Of a thousand lines at 0.011 (or of one to a thousand less, for the one that cannot be bought among the first).
    expect(cost.estimated).toBeGreaterThan(8);
    expect(cost.estimated).toBeLessThan(11.1);
  });
});

describe('when it has ended', () => {
  let id: string;
  const ids = ['a/b', 'a_b', 'A_B', '=1+1', '包 1', '..', 'x'.repeat(300)];
  beforeAll(async () => {
    await world.simulator.faults([{ when: { promptIncludes: 'forbidden' }, fault: { kind: 'moderation_blocked' } }]);
    const requests = [
      ...ids.map((custom_id) => line(custom_id, { prompt: custom_id })),
      line('-bad', { prompt: 'forbidden' }),
    ];
    ({ id } = await createBatch(world, { requests, metadata: { name: 'Winter 1/2' } }));
    await endedBatch(world, id);
    await world.simulator.faults([]);
  });

  test('a job that left the ledger is read from the bucket, with its pictures', async () => {
    const rows = await all(`/v1/batches/${id}/jobs?limit=3`);
    expect(rows.map(({ custom_id }) => custom_id)).toEqual([...ids, '-bad']);
    const [first] = rows;
    if (!first) throw new Error('no rows');
    expect(await world.redis.exists(`${world.prefix}job:${first.id}`)).toBe(0);
    const { body } = await world.call<Row & { request_hash?: string }>('GET', `/v1/jobs/${first.id}?wait=1`);
    expect(body).toEqual({
      ...first,
      images: first.images.map((image) => ({
        ...image,
        url: expect.any(String),
        url_expires_at: expect.any(Number),
        variants: image.variants.map((variant) => ({ ...variant, url: expect.any(String) })),
      })),
    });
    expect(body.request_hash).toBeUndefined();
    const picture = await fetch(body.images[0]?.url ?? '');
    expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/png']);
    expect(sha(Buffer.from(await picture.arrayBuffer()))).toBe(first.images[0]?.sha256);
    expect((await world.call('GET', `/v1/jobs/${first.id}/images/1`)).status).toBe(404);
    const retry = await world.call<Refusal>('POST', `/v1/jobs/${rows[7]?.id}/retry`);
    expect([retry.status, retry.body.error.code]).toEqual([409, 'job_not_retryable']);
  });

  test('CSV has a row for each line; what a spreadsheet would run is text', async () => {
    const { body, headers } = await world.call<string>('GET', `/v1/batches/${id}/results?format=csv`);
    expect(headers.get('content-type')).toMatch(/^text\/csv/);
    const rows: Record<string, string>[] = parse(body, { columns: true });
    expect(rows.map(({ custom_id }) => custom_id)).toEqual(expect.arrayContaining(['a/b', "'=1+1", '包 1', "'-bad"]));
    expect(rows).toHaveLength(8);
    const bad = rows.find(({ line: number }) => number === '8');
    expect([bad?.['status'], bad?.['error_code'], bad?.['image_urls']]).toEqual(['failed', 'moderation_blocked', '']);
    const good = rows.find(({ line: number }) => number === '1');
    expect([good?.['status'], Number(good?.['cost_usd'])]).toEqual(['completed', expect.closeTo(0.011, 3)]);
    const picture = await fetch(good?.['image_urls'] ?? '');
    expect([picture.status, (await picture.arrayBuffer()).byteLength]).toEqual([200, expect.any(Number)]);
  });

  test('ZIP has every picture under a name of its own, and the rows', async () => {
    const answer = await fetch(`${world.url}/v1/batches/${id}/results?format=zip`, {
      headers: { authorization: `Bearer ${world.key}` },
    });
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="Winter_1_2.zip"');
    const files = unzipSync(new Uint8Array(await answer.arrayBuffer()));
    const names = Object.keys(files);
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(names.length);
    expect(names).toContain('包_1-0.png');
    expect(names.filter((name) => /^a_b(~\d+)?-0\.png$/i.test(name))).toHaveLength(3);
    expect(names.every((name) => Buffer.byteLength(name) < 200 && !name.startsWith('.'))).toBe(true);
    const rows = Buffer.from(files['results.jsonl'] ?? [])
      .toString()
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text) as Row);
    const made = rows.flatMap(({ images }) => images.map(({ sha256 }) => sha256)).sort();
    const packed = names.filter((name) => name.endsWith('.png')).map((name) => sha(files[name] ?? new Uint8Array()));
    expect(packed.sort()).toEqual(made);
    expect(made).toHaveLength(7);
  });

  test('a picture that was taken out of the bucket is named, and the others come', async () => {
    const [first] = (await read(`/v1/batches/${id}/jobs?limit=1`)).data;
    await world.storage.delete(first?.images[0]?.key ?? '');
    const answer = await fetch(`${world.url}/v1/batches/${id}/results?format=zip`, {
      headers: { authorization: `Bearer ${world.key}` },
    });
    const files = unzipSync(new Uint8Array(await answer.arrayBuffer()));
    expect(JSON.parse(Buffer.from(files['missing.jsonl'] ?? []).toString())).toMatchObject({
      custom_id: 'a/b',
      index: 0,
    });
    expect(Object.keys(files).filter((name) => name.endsWith('.png'))).toHaveLength(6);
  });
});

test('lines that a cancelled batch never began are among its results and its jobs', async () => {
  await world.simulator.faults([{ when: { promptIncludes: 'never' }, fault: { kind: 'hang_before_headers' } }]);
  const { id } = await createBatch(world, { requests: lines(200, 'never') });
  await until(async () => (await world.simulator.stats()).in_flight >= 4);
  await world.call('POST', `/v1/batches/${id}/cancel`);
  await world.simulator.faults([]);
  await world.simulator.release();
  const { request_counts } = await endedBatch(world, id);
  const { body } = await world.call<string>('GET', `/v1/batches/${id}/results`);
  const rows = body
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text) as Row);
  expect(new Set(numbers(rows)).size).toBe(200);
  expect(rows.filter(({ status }) => status === 'cancelled')).toHaveLength(request_counts.cancelled);
  const listed = await all(`/v1/batches/${id}/jobs?status=cancelled&limit=100`);
  expect(listed).toHaveLength(request_counts.cancelled);
  expect(listed.at(-1)).toMatchObject({ line: 200, custom_id: 'never 200', error: { code: 'cancelled' } });
});

test('of lines that a retry runs again the last record counts, and none while they are under way', async () => {
  const fault = { kind: 'moderation_blocked' } as const;
  await world.simulator.faults([{ when: { promptIncludes: 'second time 2' }, fault }]);
  const { id } = await createBatch(world, { requests: lines(25, 'second time') });
  expect((await endedBatch(world, id)).request_counts).toMatchObject({ completed: 18, failed: 7 });
  await world.simulator.faults([{ when: { promptIncludes: 'second time 2' }, fault: { kind: 'hang_before_headers' } }]);
  const again = await world.call('POST', `/v1/batches/${id}/retry`, { error_code: 'moderation_blocked' });
  expect(again.status).toBe(200);
  await until(async () => (await world.simulator.stats()).held === 4);
  const results = async (): Promise<Row[]> =>
    (await world.call<string>('GET', `/v1/batches/${id}/results`)).body
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text) as Row);
  expect(new Set(numbers(await results()))).toEqual(
    new Set(numbers(await all(`/v1/batches/${id}/jobs?status=completed&limit=100`))),
  );
  const open = await all(`/v1/batches/${id}/jobs?status=in_progress&limit=100`);
  const waiting = await all(`/v1/batches/${id}/jobs?status=queued&limit=2`);
  expect(numbers([...open, ...waiting]).sort((a, b) => a - b)).toEqual([2, 20, 21, 22, 23, 24, 25]);
  expect(waiting.every(({ error, custom_id }) => error === null && custom_id?.startsWith('second time'))).toBe(true);
  await world.simulator.faults([]);
  await world.simulator.release();
  await endedBatch(world, id);
  const rows = await results();
  expect(numbers(rows).sort((a, b) => a - b)).toEqual(Array.from({ length: 25 }, (_, i) => i + 1));
  expect(rows.every(({ status }) => status === 'completed')).toBe(true);
  expect(await all(`/v1/batches/${id}/jobs?status=failed&limit=100`)).toEqual([]);
});

test('a batch that failed its validation has no lines', async () => {
  const twins = [line('one', { prompt: 'x' }), line('one', { prompt: 'x' })];
  const { id } = await createBatch(world, { input_file_id: await upload(world, jsonl(twins), 'twins.jsonl') });
  expect((await endedBatch(world, id)).status).toBe('failed');
  expect((await read(`/v1/batches/${id}/jobs`)).data).toEqual([]);
  expect((await world.call('GET', `/v1/jobs/job_${id.slice('batch_'.length)}-1`)).status).toBe(404);
  expect((await world.call('GET', `/v1/batches/${id}/results`)).body).toBe('');
});

test('?wait=N holds for a line that is no job yet until it has ended', async () => {
  await world.simulator.faults([{ when: { promptIncludes: 'waited' }, fault: { kind: 'hang_before_headers' } }]);
  const { id } = await createBatch(world, { requests: lines(30, 'waited') });
  await until(async () => (await world.simulator.stats()).held === 4);
  const last = `/v1/jobs/job_${id.slice('batch_'.length)}-30`;
  expect((await world.call<Row>('GET', last)).body.status).toBe('queued');
  const waiting = world.call<Row>('GET', `${last}?wait=25`);
  await world.simulator.faults([]);
  await world.simulator.release();
  expect((await waiting).body).toMatchObject({ status: 'completed', line: 30 });
  await endedBatch(world, id);
});
