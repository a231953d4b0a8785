import { describe, expect, test } from '@jest/globals';
import { Links } from '../src/books/links.js';
import { imageOf } from '../src/images/made-image.js';
import { decode, firstOf, generated, sha256, simulate } from './support.js';
import { until } from '../../../test/until.js';

describe('how images are given', () => {
  test.each([
    ['gpt-image-2', {}, ['b64_json']],
    ['gpt-image-2', { response_format: 'url' }, ['url']],
    ['dall-e-2', {}, ['url']],
    ['dall-e-2', { response_format: 'b64_json' }, ['b64_json']],
    ['dall-e-3', { response_format: 'url' }, ['url', 'revised_prompt']],
  ])('%s with %j', async (model, body, keys) => {
    const simulator = await simulate();
    expect(Object.keys(firstOf((await generated(simulator, { model, ...body })).data))).toEqual(keys);
  });

  test.each([
    ['b64_json', ['b64_json']],
    ['url', ['url']],
    ['both', ['url', 'b64_json']],
  ] as const)('answers: %s whatever is asked', async (answers, keys) => {
    const simulator = await simulate({ answers });
    expect(Object.keys(firstOf((await generated(simulator, { response_format: 'url' })).data))).toEqual(keys);
  });

  test('dall-e answers tell no usage', async () => {
    const simulator = await simulate();
    expect(Object.keys(await generated(simulator, { model: 'dall-e-2' }))).toEqual(['created', 'data']);
  });
});

describe('result links', () => {
  test.each(['png', 'jpeg', 'webp'])('give the %s file with its type', async (output_format) => {
    const simulator = await simulate({ answers: 'url' });
    const { url = '' } = firstOf((await generated(simulator, { output_format })).data);
    const response = await fetch(url);
    const file = Buffer.from(await response.arrayBuffer());
    expect([response.status, response.headers.get('content-type')]).toEqual([200, `image/${output_format}`]);
    expect(new URL(url).pathname).toMatch(output_format === 'jpeg' ? /\.jpg$/ : new RegExp(`\\.${output_format}$`));
    expect((await decode(file)).format).toBe(output_format);
    expect(simulator.ledger[0]?.sha256).toEqual([sha256(file)]);
  });

  test('are refused after their time, as a CDN refuses them', async () => {
    const simulator = await simulate({ answers: 'url', urlTtlMs: 1_500 });
    const { url = '' } = firstOf((await generated(simulator)).data);
    expect((await fetch(url)).status).toBe(200);
    let late = await fetch(url);
    await until(async () => (late = await fetch(url)).status === 403);
    expect(await late.text()).toContain('<Code>AccessDenied</Code>');
  });

  test('that nobody gave out are unknown', async () => {
    const simulator = await simulate();
    const origin = simulator.url.replace('/v1', '');
    const statuses = ['/results/x.png', '/results/../v1/models', '/results/'].map(
      async (path) => (await fetch(origin + path)).status,
    );
    expect(await Promise.all(statuses)).toEqual([404, 200, 404]);
  });

  test('drop the oldest images once too much memory is used', () => {
    const links = new Links(60_000, 250);
    const paths = [1, 2, 3].map((fill) => links.keep(imageOf(Buffer.alloc(100, fill), 'png'), null));
    expect(paths.map((path) => links.find(path.replace(/\?.*/, '')).kind)).toEqual(['unknown', 'image', 'image']);
  });
});
