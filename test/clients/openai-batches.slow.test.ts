import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type OpenAI from 'openai7';
import { jsonl, line, lines } from '../batch-calls.js';
import { until } from '../until.js';
import { createWorld, type World } from '../world.js';
import { connect, versions } from './openai.js';
import { picture } from './support.js';

/** `client.files` and `client.batches` of the OpenAI SDKs, unmodified: upload, create, poll, read what came out. */
let world: World;
beforeAll(async () => {
  world = await createWorld({ account: { limits: { concurrency: 4 } } });
});
afterAll(async () => world.close());

interface OutputLine {
  custom_id: string;
  response: {
    status_code: number;
    body: { data: { url?: string; b64_json?: string }[]; error?: { code: string } };
  } | null;
  error: { code: string } | null;
}

describe.each(versions)('openai $major', (version) => {
  let sdk: OpenAI;
  beforeAll(() => {
    sdk = connect(version, world).client;
  });

  const submit = async (rows: readonly unknown[], endpoint: string): Promise<OpenAI.Batch> => {
    const file = await version.toFile(Buffer.from(jsonl(rows)), 'lines.jsonl');
    const input = await sdk.files.create({ file, purpose: 'batch' });
    return sdk.batches.create({
      input_file_id: input.id,
      // The types of older versions do not know the routes of images.
      endpoint: endpoint as '/v1/images/generations',
      completion_window: '24h',
      metadata: { of: `openai ${version.major}` },
    });
  };
  const ended = async (id: string): Promise<OpenAI.Batch> => {
    let batch = await sdk.batches.retrieve(id);
    await until(async () => {
      batch = await sdk.batches.retrieve(id);
      return ['completed', 'failed', 'expired', 'cancelled'].includes(batch.status);
    });
    return batch;
  };
  const output = async (id: string | null | undefined): Promise<OutputLine[]> =>
    (await (await sdk.files.content(id ?? '')).text())
      .trim()
      .split('\n')
      .map((row) => JSON.parse(row) as OutputLine);

  test('a file of generations becomes pictures and a file of what failed', async () => {
    const name = `gen ${version.major}`;
    const rows = [
      ...lines(5, name),
      line('inline', { prompt: name, response_format: 'b64_json' }),
      line('bad', { prompt: name, size: '7x7' }),
    ];
    const made = await submit(rows, '/v1/images/generations');
    expect([made.object, made.status, made.endpoint]).toEqual(['batch', 'validating', '/v1/images/generations']);
    const batch = await ended(made.id);
    expect([batch.status, batch.request_counts]).toEqual([
      'completed',
      { total: 7, completed: 6, failed: 1, cancelled: 0 },
    ]);
    expect(batch.metadata).toEqual({ of: `openai ${version.major}` });
    const good = await output(batch.output_file_id);
    expect(good.map(({ custom_id }) => custom_id).sort()).toEqual(
      [...lines(5, name).map(({ custom_id }) => custom_id), 'inline'].sort(),
    );
    const byUrl = await fetch(good.find(({ custom_id }) => custom_id !== 'inline')?.response?.body.data[0]?.url ?? '');
    expect([
      byUrl.status,
      Buffer.from(await byUrl.arrayBuffer())
        .subarray(1, 4)
        .toString(),
    ]).toEqual([200, 'PNG']);
    const inline = good.find(({ custom_id }) => custom_id === 'inline')?.response?.body.data[0];
    expect(
      Buffer.from(inline?.b64_json ?? '', 'base64')
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');
    const [bad] = await output(batch.error_file_id);
    expect([bad?.custom_id, bad?.response?.status_code, bad?.response?.body.error?.code]).toEqual([
      'bad',
      400,
      'invalid_size',
    ]);
  });

  test('a file of edits works on images that were uploaded', async () => {
    const file = await version.toFile(await picture(64), 'mug.png', { type: 'image/png' });
    const image = await sdk.files.create({ file, purpose: 'vision' });
    const row = line('edit', { prompt: `edit ${version.major}`, images: [{ file_id: image.id }] }, '/v1/images/edits');
    const batch = await ended((await submit([row], '/v1/images/edits')).id);
    expect([batch.status, batch.request_counts?.completed]).toEqual(['completed', 1]);
    expect((await output(batch.output_file_id))[0]?.response?.status_code).toBe(200);
  });

  test('a file with faults fails, and says which lines', async () => {
    const rows = [line('one', { prompt: 'x' }), line('one', { prompt: 'y' })];
    const batch = await ended((await submit(rows, '/v1/images/generations')).id);
    expect([batch.status, batch.errors?.data?.map(({ code, line: at }) => [code, at])]).toEqual([
      'failed',
      [['duplicate_custom_id', 2]],
    ]);
  });

  test('cancelling keeps what is made', async () => {
    const made = await submit(lines(400, `cancel ${version.major}`), '/v1/images/generations');
    await until(async () => ((await sdk.batches.retrieve(made.id)).request_counts?.completed ?? 0) > 0);
    expect((await sdk.batches.cancel(made.id)).status).toMatch(/^cancell(ing|ed)$/);
    const batch = await ended(made.id);
    const counts = batch.request_counts as unknown as { completed: number; cancelled: number };
    expect([batch.status, counts.completed + counts.cancelled]).toEqual(['cancelled', 400]);
    expect(await output(batch.output_file_id)).toHaveLength(counts.completed);
    expect(new Set((await output(batch.error_file_id)).map(({ error }) => error?.code))).toEqual(
      new Set(['batch_cancelled']),
    );
  });

  test('batches are listed page by page, and an unknown file is told as a bad request', async () => {
    const ids: string[] = [];
    for await (const batch of sdk.batches.list({ limit: 2 })) ids.push(batch.id);
    expect(ids.length).toBeGreaterThanOrEqual(4);
    expect(new Set(ids).size).toBe(ids.length);
    const create = sdk.batches.create({
      input_file_id: 'file-none',
      endpoint: '/v1/images/edits',
      completion_window: '24h',
    });
    await expect(create).rejects.toMatchObject({ status: 400, code: 'file_not_found', param: 'input_file_id' });
  });
});
