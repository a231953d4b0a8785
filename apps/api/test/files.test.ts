import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { FileStore } from '@rendermill/shared/adapters/redis/file-store';
import { ScriptRunner } from '@rendermill/shared/adapters/redis/scripts';
import { loadConfiguration } from '@rendermill/shared/config/accounts-file';
import { parseApiEnv } from '@rendermill/shared/config/env';
import type { FileRecord, presentFile } from '@rendermill/shared/domain/files';
import { newFileId } from '@rendermill/shared/domain/ids';
import { Lifecycle } from '@rendermill/shared/observability/lifecycle';
import { createLogger } from '@rendermill/shared/observability/log';
import { openS3Stub, refuse } from '@rendermill/shared/testing/s3-stub';
import { buildApi } from '../src/build-api.js';
import { s3Server } from '../../../test/s3.js';
import { until } from '../../../test/until.js';
import { uploadsOnDisk } from '../../../test/uploads-on-disk.js';
import { createWorld, type World } from '../../../test/world.js';

type FileObject = ReturnType<typeof presentFile>;
interface Page {
  readonly data: FileObject[];
  readonly last_id: string | null;
  readonly has_more: boolean;
}
interface Refusal {
  readonly error: { readonly message: string; readonly code: string; readonly param: string | null };
}

const s3 = s3Server();
const lines = Buffer.from('{"custom_id":"a"}\n'.repeat(1_000));
const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

let world: World;
let store: FileStore;
beforeAll(async () => {
  world = await createWorld({ worker: false, ...(s3 ? { env: s3.env, storageUrl: s3.storageUrl() } : {}) });
  store = new FileStore(new ScriptRunner(world.redis, world.env['REDIS_KEY_PREFIX'] ?? ''));
});
afterAll(async () => world.close());

function form(fields: Record<string, string>, bytes: Uint8Array = lines, name = 'lines.jsonl'): FormData {
  const data = new FormData();
  for (const [field, value] of Object.entries(fields)) data.append(field, value);
  data.append('file', new Blob([new Uint8Array(bytes)]), name);
  return data;
}

async function upload(...args: Parameters<typeof form>): Promise<FileObject> {
  const { status, body } = await world.call<FileObject>('POST', '/v1/files', form(...args));
  expect(status).toBe(200);
  return body;
}

async function stored(id: string): Promise<{ sha256: string; metadata: Readonly<Record<string, string>> } | null> {
  const object = await world.storage.get(`default/files/${id}`);
  if (!object) return null;
  const chunks: Buffer[] = [];
  for await (const chunk of object.body) chunks.push(chunk as Buffer);
  return { sha256: sha(Buffer.concat(chunks)), metadata: object.facts.metadata };
}

async function objects(): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of world.storage.list('default/files/')) keys.push(key);
  return keys.sort();
}

const uploads = async (): Promise<number> => (await uploadsOnDisk(world)).length;
const noUploads = async (): Promise<void> => until(async () => (await uploads()) === 0);

const fileKeys = async (): Promise<string[]> => (await world.redis.keys(`${world.prefix}file*`)).sort();

/** Sends a form by hand, chunked: its pieces, and nothing after them where `end` is false. */
function sendPieces(pieces: readonly (string | Buffer)[], end = true) {
  const sent = httpRequest(`${world.url}/v1/files`, {
    method: 'POST',
    headers: { authorization: `Bearer ${world.key}`, 'content-type': 'multipart/form-data; boundary=b' },
  });
  const answer = new Promise<{ status: number; body: FileObject & Refusal }>((resolve, reject) => {
    sent.on('error', reject);
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString()) as never }),
      );
    });
  });
  for (const piece of pieces) sent.write(piece);
  if (end) sent.end();
  return { sent, answer };
}

const part = (name: string, more = ''): string =>
  `--b\r\ncontent-disposition: form-data; name="${name}"${more}\r\n\r\n`;

describe('POST /v1/files', () => {
  test("answers OpenAI's object; the bytes lie in the bucket with what is known of them", async () => {
    const file = await upload({ purpose: 'user_data' });
    expect(file).toEqual({
      id: expect.stringMatching(/^file-[0-9A-Za-z]{22}$/),
      object: 'file',
      bytes: lines.length,
      created_at: expect.any(Number),
      expires_at: null,
      filename: 'lines.jsonl',
      purpose: 'user_data',
      status: 'processed',
      status_details: null,
    });
    const { sha256, metadata } = (await stored(file.id)) ?? {};
    expect(sha256).toBe(sha(lines));
    expect(metadata).toMatchObject({
      project: 'default',
      file: file.id,
      purpose: 'user_data',
      filename: 'lines.jsonl',
    });
    expect(Math.floor(Number(metadata?.['created-at']) / 1_000)).toBe(file.created_at);
    expect((await world.call('GET', `/v1/files/${file.id}`)).body).toEqual(file);
    await noUploads();
  });

  test("ends after the seconds that are asked for; a batch's lines after 30 days, others never", async () => {
    const after = { 'expires_after[anchor]': 'created_at', 'expires_after[seconds]': '3600' };
    const hour = await upload({ purpose: 'vision', ...after });
    expect(hour.expires_at).toBe(hour.created_at + 3_600);
    expect((await stored(hour.id))?.metadata['expires-at']).toMatch(new RegExp(`^${hour.expires_at}`));
    const batch = await upload({ purpose: 'batch' });
    expect(batch.expires_at).toBe(batch.created_at + 30 * 86_400);
  });

  test('takes its fields behind the file too, and a body without a length', async () => {
    const { answer } = sendPieces([
      part('file', '; filename="a.jsonl"'),
      lines.subarray(0, 5_000),
      lines.subarray(5_000),
      `\r\n${part('expires_after[seconds]')}7200\r\n${part('expires_after[anchor]')}created_at\r\n`,
      `${part('purpose')}batch\r\n--b--\r\n`,
    ]);
    const { status, body } = await answer;
    expect([status, body.filename, body.bytes]).toEqual([200, 'a.jsonl', lines.length]);
    expect(body.expires_at).toBe(body.created_at + 7_200);
    expect((await stored(body.id))?.sha256).toBe(sha(lines));
  });

  test.each([
    ['in any script', 'каталог 目录 é.jsonl', 'каталог 目录 é.jsonl'],
    ['without the folders that a client puts before it', '../../etc/passwd', 'passwd'],
    ['of dots', '..', 'file'],
    ['with a percent sign', '50%25 off.csv', '50%25 off.csv'],
  ])('keeps a name %s, and stores under the id alone', async (_what, given, kept) => {
    const file = await upload({ purpose: 'batch' }, lines, given);
    expect(file.filename).toBe(kept);
    expect((await stored(file.id))?.metadata['filename']).toBe(encodeURIComponent(kept));
    const { headers } = await world.call('GET', `/v1/files/${file.id}/content`);
    expect(headers.get('content-disposition')).toMatch(/^attachment; filename="[\x20-\x7e]+"/);
  });

  test.each<[string, Record<string, string>, string, string]>([
    ['without a purpose', {}, 'invalid_purpose', 'purpose'],
    ['for a purpose that nobody knows', { purpose: 'fun' }, 'invalid_purpose', 'purpose'],
    ['for a purpose that only we give', { purpose: 'batch_output' }, 'invalid_purpose', 'purpose'],
    ['with a field that nobody knows', { purpose: 'batch', color: 'red' }, 'unknown_parameter', 'color'],
    [
      'that ends within the hour',
      { purpose: 'batch', 'expires_after[anchor]': 'created_at', 'expires_after[seconds]': '3599' },
      'invalid_parameter',
      'expires_after[seconds]',
    ],
    [
      'with an anchor and no seconds',
      { purpose: 'batch', 'expires_after[anchor]': 'created_at' },
      'invalid_parameter',
      'expires_after[seconds]',
    ],
    [
      'with another anchor',
      { purpose: 'batch', 'expires_after[anchor]': 'last_active_at', 'expires_after[seconds]': '3600' },
      'invalid_parameter',
      'expires_after[anchor]',
    ],
  ])('refuses a file %s, and keeps nothing of it', async (_what, fields, code, param) => {
    const [keys, before] = [await fileKeys(), await objects()];
    const { status, body } = await world.call<Refusal>('POST', '/v1/files', form(fields));
    expect([status, body.error.code, body.error.param]).toEqual([400, code, param]);
    await noUploads();
    expect([await objects(), await fileKeys()]).toEqual([before, keys]);
  });

  test.each<[string, () => unknown, number, string]>([
    ['a name of 256 bytes', () => form({ purpose: 'batch' }, lines, 'x'.repeat(256)), 400, 'invalid_parameter'],
    ['an empty file', () => form({ purpose: 'batch' }, Buffer.alloc(0)), 400, 'empty_file'],
    ['JSON', () => ({ purpose: 'batch', file: 'x' }), 415, 'unsupported_media_type'],
    [
      'two files',
      () => {
        const two = form({ purpose: 'batch' });
        two.append('file', new Blob(['x']), 'b');
        return two;
      },
      400,
      'missing_file',
    ],
    [
      'a file under another name',
      () => {
        const other = new FormData();
        other.append('upload', new Blob(['x']), 'b');
        return other;
      },
      400,
      'unknown_field',
    ],
    [
      'text in place of the file',
      () => {
        const text = new FormData();
        text.append('purpose', 'batch');
        text.append('file', 'lines');
        return text;
      },
      400,
      'missing_file',
    ],
    [
      'a purpose that is there twice',
      () => {
        const twice = form({ purpose: 'batch' });
        twice.append('purpose', 'vision');
        return twice;
      },
      400,
      'duplicate_field',
    ],
  ])('refuses %s, and keeps nothing of it', async (_what, body, status, code) => {
    const before = await objects();
    const answer = await world.call<Refusal>('POST', '/v1/files', body());
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
    await noUploads();
    expect(await objects()).toEqual(before);
  });

  test('an upload that its client breaks off leaves nothing behind', async () => {
    const [keys, before] = [await fileKeys(), await objects()];
    const head = `${part('purpose')}batch\r\n${part('file', '; filename="a"')}`;
    const { sent, answer } = sendPieces([head, Buffer.alloc(600_000)], false);
    await until(async () => (await uploads()) === 1);
    sent.destroy();
    await expect(answer).rejects.toThrow(/hang up|aborted|reset/i);
    await noUploads();
    expect([await objects(), await fileKeys()]).toEqual([before, keys]);
  });

  test('a repeat with the same Idempotency-Key is the same file, and with other bytes is refused', async () => {
    const send = async (bytes: Buffer) =>
      world.call<FileObject & Refusal>('POST', '/v1/files', form({ purpose: 'batch' }, bytes), {
        'idempotency-key': 'upload-1',
      });
    const first = await send(lines);
    const before = await objects();
    expect((await send(lines)).body).toEqual(first.body);
    const other = await send(Buffer.from('{}'));
    expect([other.status, other.body.error.code]).toEqual([422, 'idempotency_key_reused']);
    expect(await objects()).toEqual(before);
    await world.call('DELETE', `/v1/files/${first.body.id}`);
    expect((await send(lines)).status).toBe(404);
  });
});

describe('GET /v1/files', () => {
  test('pages through a project in both orders, by purpose too, and tells other projects nothing', async () => {
    const all: FileObject[] = [];
    for (const purpose of ['evals', 'assistants', 'evals', 'evals']) all.push(await upload({ purpose }));
    const foreign = await planted({ project: 'other', purpose: 'evals' });
    const list = async (query: string) => (await world.call<Page & Refusal>('GET', `/v1/files?${query}`)).body;
    const ids = (page: Page): string[] => page.data.map(({ id }) => id);
    const evals = all.filter(({ purpose }) => purpose === 'evals').map(({ id }) => id);
    const newest = ids(await list('')).slice(0, 4);
    expect([...newest].sort()).toEqual(all.map(({ id }) => id).sort());
    expect(ids(await list('purpose=evals&order=asc')).sort()).toEqual([...evals].sort());
    const [first, second] = [await list('purpose=evals&limit=2&order=asc'), await list('purpose=evals&order=asc')];
    expect([first.has_more, second.has_more]).toEqual([true, false]);
    const rest = await list(`purpose=evals&order=asc&limit=2&after=${first.last_id}`);
    expect([...ids(first), ...ids(rest)]).toEqual(ids(second));
    expect(rest.has_more).toBe(false);
    expect(ids(await list('purpose=evals'))).toEqual(ids(second).reverse());
    expect(ids(await list(''))).not.toContain(foreign.id);
    for (const path of [`/v1/files/${foreign.id}`, `/v1/files/${foreign.id}/content`]) {
      expect((await world.call('GET', path)).status).toBe(404);
    }
    expect((await world.call('DELETE', `/v1/files/${foreign.id}`)).status).toBe(404);
    expect((await list(`after=${foreign.id}`)).error).toMatchObject({ code: 'invalid_parameter', param: 'after' });
    expect((await list('limit=10001')).error).toMatchObject({ code: 'invalid_parameter', param: 'limit' });
  });
});

describe('GET /v1/files/{id}/content', () => {
  let file: FileObject;
  const content = async (headers: Record<string, string>, method = 'GET') =>
    fetch(`${world.url}/v1/files/${file.id}/content`, {
      method,
      headers: { authorization: `Bearer ${world.key}`, ...headers },
    });
  beforeAll(async () => {
    file = await upload({ purpose: 'batch' });
  });

  test('answers the bytes, to be saved and not shown', async () => {
    const answer = await content({});
    expect(answer.status).toBe(200);
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(lines);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'accept-ranges': 'bytes',
      'content-type': 'application/octet-stream',
      'content-length': String(lines.length),
      'content-disposition': 'attachment; filename="lines.jsonl"',
      'x-content-type-options': 'nosniff',
    });
  });

  test('HEAD answers the same headers and no bytes', async () => {
    const answer = await content({}, 'HEAD');
    expect([answer.status, answer.headers.get('content-length')]).toEqual([200, String(lines.length)]);
    expect(await answer.text()).toBe('');
  });

  const size = lines.length;
  test.each([
    ['bytes=0-9', 0, 9],
    ['bytes=100-', 100, size - 1],
    ['bytes=-5', size - 5, size - 1],
    [`bytes=10-${size + 999}`, 10, size - 1],
  ])('Range: %s', async (range, start, end) => {
    const answer = await content({ range });
    expect([answer.status, answer.headers.get('content-range')]).toEqual([206, `bytes ${start}-${end}/${size}`]);
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(lines.subarray(start, end + 1));
  });

  test.each(['lines=0-9', 'bytes=a-b', 'bytes=0-1,5-6'])('Range: %s is answered by the whole', async (range) => {
    const answer = await content({ range });
    expect([answer.status, (await answer.arrayBuffer()).byteLength]).toEqual([200, size]);
  });

  test('a range behind the end is 416 and says how long the file is', async () => {
    const answer = await content({ range: `bytes=${size}-` });
    expect([answer.status, answer.headers.get('content-range')]).toEqual([416, `bytes */${size}`]);
    expect(await answer.json()).toMatchObject({ error: { code: 'range_not_satisfiable' } });
  });

  test('If-Range with the tag gives the part, with another the whole', async () => {
    const etag = (await content({}, 'HEAD')).headers.get('etag') ?? '';
    expect((await content({ range: 'bytes=0-9', 'if-range': etag })).status).toBe(206);
    expect((await content({ range: 'bytes=0-9', 'if-range': '"other"' })).status).toBe(200);
  });
});

/** A record with its bytes as an earlier upload left them. */
async function planted(fields: Partial<FileRecord>): Promise<FileRecord> {
  const id = newFileId();
  const project = fields.project ?? 'default';
  const file: FileRecord = {
    id,
    project,
    key: `${project}/files/${id}`,
    bytes: 2,
    filename: 'x',
    purpose: 'batch',
    created_at: Date.now(),
    expires_at: null,
    ...fields,
  };
  await world.storage.put(file.key, Buffer.from('{}'), 'text/plain');
  await store.save(file, { key: '', fingerprint: '' });
  return file;
}

describe('the end of a file', () => {
  test('DELETE removes the bytes and the record; a second one finds nothing', async () => {
    const { id } = await upload({ purpose: 'batch' });
    const { status, body } = await world.call('DELETE', `/v1/files/${id}`);
    expect([status, body]).toEqual([200, { id, object: 'file', deleted: true }]);
    expect(await stored(id)).toBeNull();
    expect((await fileKeys()).join(' ')).not.toContain(id);
    for (const [method, path] of [
      ['GET', ''],
      ['GET', '/content'],
      ['DELETE', ''],
    ] as const) {
      const answer = await world.call<Refusal>(method, `/v1/files/${id}${path}`);
      expect([answer.status, answer.body.error.code]).toEqual([404, 'not_found']);
    }
  });

  test('what has expired is gone for clients at once, and the next sweep removes it and what a crash left', async () => {
    const now = Date.now();
    const [kept, expired] = [await planted({ expires_at: now + 60_000 }), await planted({ expires_at: now - 1 })];
    // A process that was killed between storing the bytes and writing their record.
    const lost = { id: newFileId(), key: `default/files/${newFileId()}` };
    await store.expect(lost, now - 1);
    await world.storage.put(lost.key, Buffer.from('{}'), 'text/plain');
    expect((await world.call('GET', `/v1/files/${expired.id}`)).status).toBe(404);
    expect((await world.call('GET', `/v1/files/${expired.id}/content`)).status).toBe(404);
    const { body } = await world.call<Page>('GET', '/v1/files?limit=2');
    expect(body.data.map(({ id }) => id)).not.toContain(expired.id);

    const lifecycle = new Lifecycle();
    const log = createLogger('silent', 'api');
    const next = await buildApi(parseApiEnv(world.env), loadConfiguration(world.env), log, lifecycle);
    await until(async () => (await store.due(1)).length === 0);
    await next.drain();
    await lifecycle.close(log);
    const left = await objects();
    expect([left.includes(kept.key), left.includes(expired.key), left.includes(lost.key)]).toEqual([
      true,
      false,
      false,
    ]);
    expect((await fileKeys()).join(' ')).not.toContain(expired.id);
    expect(await world.redis.zscore(`${world.prefix}files:default`, expired.id)).toBeNull();
    expect((await world.call('GET', `/v1/files/${kept.id}`)).status).toBe(200);
  });
});

describe('a store that refuses', () => {
  test('a file answers 503, and its bytes stay due until they can be removed', async () => {
    let refuses = ['PUT', 'DELETE'];
    const stub = await openS3Stub(({ method }, response) => {
      if (refuses.includes(method)) refuse(response, 403, 'AccessDenied');
    });
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) process.env[name] ??= 'stub';
    const env = { S3_ENDPOINT: stub.options.endpoint };
    const other = await createWorld({ worker: false, storageUrl: 's3://stub/prefix', env });
    const keys = async () =>
      (await other.redis.keys(`${other.prefix}file*`)).map((key) => key.slice(other.prefix.length));
    const send = async () => other.call<Refusal>('POST', '/v1/files', form({ purpose: 'batch' }));
    const answer = await send();
    expect([answer.status, answer.body.error.code]).toEqual([503, 'storage_unavailable']);
    expect(await keys()).toEqual(['file-ends']);
    expect(other.logs.filter(({ event }) => event === 'file.not_removed')).toHaveLength(1);
    refuses = ['PUT'];
    expect((await send()).status).toBe(503);
    expect(await other.redis.zcard(`${other.prefix}file-ends`)).toBe(1);
    await other.close();
    await stub.close();
  });
});
