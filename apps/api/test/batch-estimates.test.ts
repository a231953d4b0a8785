import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { jsonl, line, lines, upload, type Refusal } from '../../../test/batch-calls.js';
import { createWorld, type World } from '../../../test/world.js';

/** What a batch would cost and how its lines would be sent, before anything is stored or bought. */

interface Estimate {
  lines: number;
  images: number;
  calls: number;
  cost: { min: number; max: number };
  invalid_lines: { count: number; first: { line: number; custom_id: string; error: { param: string } }[] };
  seconds: number | null;
  sample: unknown;
}
interface Preview {
  data: {
    line: number;
    custom_id: string | null;
    request: Record<string, unknown> | null;
    cost: unknown;
    error: unknown;
  }[];
  has_more: boolean;
}

let world: World;
beforeAll(async () => {
  const address = { preset: 'openai-compatible', base_url: 'http://127.0.0.1:9/v1', api_key: '${TEST_PROVIDER_KEY}' };
  const dear = { currency: 'USD', models: { 'gpt-image-1': { per_image: { '*': { '*': 0.05 } } } } };
  world = await createWorld({
    worker: false,
    config: {
      providers: [
        { id: 'list', preset: 'openai', api_key: '${TEST_PROVIDER_KEY}' },
        { ...address, id: 'dear', prices: dear, priority: 1 },
      ],
    },
  });
});
afterAll(async () => world.close());

const stored = async (): Promise<number> => {
  let count = 0;
  for await (const _ of world.storage.list('default/batches/')) count++;
  return count;
};

describe('POST /v1/estimates with a batch', () => {
  const estimate = async <T = Estimate>(body: unknown) => world.call<T>('POST', '/v1/estimates', body);

  test('adds its lines up; lines that would be refused are counted and named', async () => {
    const requests = [...lines(10, 'cheap'), line('five', { prompt: 'x', n: 5 }), line('no prompt', {})];
    const { status, body } = await estimate({ requests });
    expect(status).toBe(200);
    expect(body).toMatchObject({ lines: 12, images: 15, seconds: null, sample: null });
    // Beside the pictures, the tokens of the prompts.
    expect(body.cost.min).toBeCloseTo(15 * 0.010_88, 2);
    expect(body.cost.max).toBeCloseTo(15 * 0.05, 6);
    expect(body.invalid_lines).toMatchObject({
      count: 1,
      first: [{ line: 12, custom_id: 'no prompt', error: { param: 'prompt' } }],
    });
    expect(await stored()).toBe(0);
  });

  test('a file comes to the same as its lines, blank ones left out', async () => {
    const requests = lines(25, 'filed');
    const input_file_id = await upload(world, `\uFEFF${jsonl(requests).replaceAll('\n', '\r\n\r\n')}`, 'x.jsonl');
    const [byFile, inline] = [await estimate({ input_file_id }), await estimate({ requests })];
    expect(byFile.body).toEqual(inline.body);
    expect(byFile.body.lines).toBe(25);
  });

  test('an unknown price is an error that names the line, and so is a line that is none', async () => {
    const requests = [
      ...lines(2, 'known'),
      line('unknown', { prompt: 'x', model: 'dall-e-2', size: 'auto', quality: null }),
    ];
    const { status, body } = await estimate<Refusal>({ requests });
    expect([status, body.error.code]).toEqual([422, 'price_unknown']);
    expect(body.error.message).toMatch(/^Line 3 \('unknown'\): What 'dall-e-2' costs is not known/);
    const input_file_id = await upload(world, `${jsonl(lines(1, 'a'))}\nnot json\n`, 'x.jsonl');
    const broken = await estimate<Refusal>({ input_file_id });
    expect([broken.status, broken.body.error.message]).toEqual([
      400,
      expect.stringMatching(/^Line 3: .* not valid JSON/),
    ]);
    const twice = await estimate<Refusal>({
      input_file_id: await upload(world, jsonl([...lines(2, 'a'), ...lines(1, 'a')]), 'x.jsonl'),
    });
    expect([twice.status, twice.body.error.message]).toEqual([
      400,
      expect.stringMatching(/^Line 3 .* custom_id is that of line 1 too/),
    ]);
    const empty = await upload(world, '\n\n', 'x.jsonl');
    expect((await estimate<Refusal>({ input_file_id: empty })).body.error.code).toBe('empty_file');
  });
});

describe('POST /v1/batches/preview', () => {
  const preview = async (body: unknown, query = '') =>
    (await world.call<Preview>('POST', `/v1/batches/preview${query}`, body)).body;

  test('shows the first lines as they would be sent, each with its cost', async () => {
    const edit = line(
      'edit',
      { prompt: 'x', image: { image_url: 'https://cdn.example/a.png?x=1' }, n: 2 },
      '/v1/images/edits',
    );
    const { data, has_more } = await preview({ requests: [edit, ...lines(20, 'more')] });
    expect([data.length, has_more]).toEqual([10, true]);
    expect(data[0]).toEqual({
      line: 1,
      custom_id: 'edit',
      url: '/v1/images/edits',
      type: 'edit',
      model: 'gpt-image-1',
      request: expect.objectContaining({ prompt: 'x', n: 2, images: ['https://cdn.example/a.png?x=1'] }),
      cost: { currency: 'USD', min: expect.closeTo(0.0218, 3), max: 0.1 },
      error: null,
    });
    expect(await stored()).toBe(0);
  });

  test('what is wrong with a line stands at the line, and the others are shown', async () => {
    const text = `not json\n${jsonl([line('bad', { prompt: 'x', size: '7x7' }), line('good', { prompt: 'x' })])}`;
    const { data, has_more } = await preview({ input_file_id: await upload(world, text, 'x.jsonl') }, '?limit=100');
    expect(has_more).toBe(false);
    expect(
      data.map(({ line: number, custom_id, error }) => [number, custom_id, (error as { code: string } | null)?.code]),
    ).toEqual([
      [1, null, 'invalid_json_line'],
      [2, 'bad', 'invalid_size'],
      [3, 'good', undefined],
    ]);
  });

  test('its limit is 1 to 100', async () => {
    const { status, body } = await world.call<Refusal>('POST', '/v1/batches/preview?limit=101', {
      requests: lines(1, 'a'),
    });
    expect([status, body.error.param]).toEqual([400, 'limit']);
  });
});
