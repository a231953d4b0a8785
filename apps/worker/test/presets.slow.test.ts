import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadConfiguration } from '@rendermill/shared/config/accounts-file';
import { presets } from '@rendermill/shared/domain/presets/index';
import type { PresetId } from '@rendermill/shared/domain/presets/preset';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import sharp from 'sharp';
import { startRelay, type Relay } from '../../../test/relay.js';
import { createWorld, type World } from '../../../test/world.js';

/** One suite over every preset: what is sent in which words, and that its kind of answer becomes a stored picture. */
const picture = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#c05028' } })
  .png()
  .toBuffer();
const sha256 = createHash('sha256').update(picture).digest('hex');
const b64 = { b64_json: picture.toString('base64') };

/** Every parameter of gpt-image-1 that one of them names, in our words. */
const asked = {
  model: 'gpt-image-1',
  prompt: 'a red mug',
  size: '1024x1536',
  quality: 'medium',
  background: 'transparent',
  output_format: 'webp',
  output_compression: 80,
  moderation: 'low',
  user: 'shop-7',
  effort: 'high',
};
const { effort: _dropped, ...plain } = asked;
const { output_format: _renamed, ...withoutFormat } = plain;
const { background: _bool, output_compression: _other, ...bare } = withoutFormat;

interface Dialect {
  readonly sent: Record<string, unknown>;
  readonly ignored: readonly string[];
  /** What it answers with: its documents say so. */
  readonly answers: 'link' | 'bytes';
  /** How many images of a job of three each call asks for. */
  readonly calls: readonly number[];
}

const dialects: Record<Exclude<PresetId, 'simulator'>, Dialect> = {
  openai: { sent: plain, ignored: ['effort'], answers: 'bytes', calls: [3] },
  apiyi: { sent: { ...plain, response_format: 'b64_json' }, ignored: ['effort'], answers: 'bytes', calls: [3] },
  laozhang: {
    sent: { ...bare, format: 'webp', compression: 80, transparency: true, effort: 'high' },
    ignored: [],
    answers: 'link',
    calls: [1, 1, 1],
  },
  cometapi: { sent: plain, ignored: ['effort'], answers: 'link', calls: [1, 1, 1] },
  tuzi: { sent: { ...withoutFormat, format: 'webp' }, ignored: ['effort'], answers: 'bytes', calls: [1, 1, 1] },
  bianxie: { sent: plain, ignored: ['effort'], answers: 'bytes', calls: [1, 1, 1] },
  'openai-compatible': { sent: asked, ignored: [], answers: 'bytes', calls: [3] },
};

describe.each(Object.entries(dialects))('preset %s', (preset, dialect) => {
  let relay: Relay;
  let world: World;
  beforeAll(async () => {
    relay = await startRelay(picture, ({ json, form }) => {
      const n = Number(json?.['n'] ?? form.find(([name]) => name === 'n')?.[1]);
      return { json: { created: 1, data: Array(n).fill(dialect.answers === 'bytes' ? b64 : { url: relay.link }) } };
    });
    world = await createWorld({ account: { preset, base_url: relay.url } });
  });
  afterAll(async () => {
    await world.close();
    await relay.close();
  });

  const callsWith = (prompt: string) => relay.calls.filter(({ json }) => json?.['prompt'] === prompt);
  const expectStored = (job: PresentedJob, count: number): void => {
    expect(job).toMatchObject({ status: 'completed', error: null });
    expect(job.images.map((image) => image.sha256)).toEqual(Array(count).fill(sha256));
  };

  test('sends every parameter in its own words, or says that it left it out', async () => {
    const job = await world.ended((await world.submit(asked)).id);
    expectStored(job, 1);
    const [call] = callsWith(asked.prompt);
    expect(call?.path).toBe('/v1/images/generations');
    expect(call?.headers.authorization).toBe('Bearer sk-test-0000');
    expect(call?.json).toEqual({ ...dialect.sent, n: 1 });
    const logged = world.logs.find((line) => line.event === 'job.attempted' && line['job'] === job.id);
    expect(logged?.['ignored_parameters'] ?? []).toEqual(dialect.ignored);
    expect(job.images).toMatchObject([{ width: 64, height: 64 }]);
    expect(world.logs).toContainEqual(
      expect.objectContaining({ event: 'image.other_size', job: job.id, asked: '1024x1536', made: '64x64' }),
    );
  });

  test('makes three pictures in as many calls as it does well', async () => {
    const job = await world.ended((await world.submit({ model: 'gpt-image-1', prompt: 'three', n: 3 })).id);
    expectStored(job, 3);
    expect(callsWith('three').map(({ json }) => json?.['n'])).toEqual(dialect.calls);
    expect(job.attempts).toHaveLength(dialect.calls.length);
  });

  test('edits two images with a mask by a form, files under their right names', async () => {
    const url = `data:image/png;base64,${b64.b64_json}`;
    const mask = await sharp({ create: { width: 64, height: 64, channels: 4, background: '#00000000' } })
      .png()
      .toBuffer();
    const { body } = await world.call<PresentedJob>('POST', '/v1/jobs', {
      type: 'edit',
      model: 'gpt-image-1',
      prompt: 'both in one',
      output_format: 'jpeg',
      images: [url, url],
      mask: `data:image/png;base64,${mask.toString('base64')}`,
    });
    expectStored(await world.ended(body.id), 1);
    const call = relay.calls.find(({ path }) => path === '/v1/images/edits');
    const names = call?.form.map(([name, value]) =>
      typeof value === 'string' ? name : [name, value.name, value.type],
    );
    const format = 'format' in dialect.sent ? 'format' : 'output_format';
    const rest = 'response_format' in dialect.sent ? ['response_format'] : [];
    expect(names).toEqual([
      'model',
      'prompt',
      'n',
      format,
      ...rest,
      ['image[]', 'image-0.png', 'image/png'],
      ['image[]', 'image-1.png', 'image/png'],
      ['mask', 'mask.png', 'image/png'],
    ]);
  });

  test('takes links and bytes, whichever come', async () => {
    const before = relay.answer;
    relay.answer = () => ({ json: { data: [{ url: `data:image/png;base64,${b64.b64_json}`, b64_json: '' }] } });
    const inUrl = await world.ended((await world.submit({ model: 'gpt-image-1', prompt: 'a data URL' })).id);
    relay.answer = () => ({ json: { data: [{ url: relay.link, b64_json: '', revised_prompt: '' }] } });
    const link = await world.ended((await world.submit({ model: 'gpt-image-1', prompt: 'a link' })).id);
    relay.answer = before;
    for (const job of [inUrl, link]) expectStored(job, 1);
  });
});

test.each(Object.values(presets).filter(({ envKey }) => envKey !== null))(
  'a key of $id alone makes an account',
  ({ id, envKey, baseUrl }) => {
    const { accounts } = loadConfiguration({ [envKey ?? '']: 'sk-1' });
    expect(accounts.map((account) => [account.id, account.baseUrl, account.apiKey])).toEqual([
      [id, baseUrl, 'sk-1'],
      ['simulator', '', ''],
    ]);
  },
);

test('sora_image is sold by the relays that have it, and neither by OpenAI nor by the simulator', () => {
  const sellers = Object.values(presets).filter(
    ({ models }) => models !== 'any' && Object.hasOwn(models, 'sora_image'),
  );
  expect(sellers.map(({ id }) => id)).toEqual(['apiyi', 'laozhang']);
});

test('TUZI_API_BASE moves the account of tu-zi', () => {
  const env = { TUZI_API_KEY: 'sk-1', TUZI_API_BASE: 'https://api.example.com/v1/' };
  expect(loadConfiguration(env).accounts[0]?.baseUrl).toBe('https://api.example.com/v1');
});

test('a price in the configuration is added to those of the preset; each keeps its currency', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rm-prices-'));
  const file = join(folder, 'config.json');
  const prices = { currency: 'CNY', models: { mine: { per_image: { '*': { '*': 0.5 } } } } };
  const providers = [{ id: 'a', preset: 'apiyi', api_key: '${KEY}', prices }];
  await writeFile(file, JSON.stringify({ providers, usd_per: { CNY: 0.14 } }));
  const { accounts } = loadConfiguration({ RENDERMILL_CONFIG: file, KEY: 'k' });
  await rm(folder, { recursive: true });
  const rates = Object.entries(accounts[0]?.prices ?? {}).map(([model, { usdRate }]) => [model, usdRate]);
  expect(Object.fromEntries(rates)).toMatchObject({ 'gpt-image-1': 1, sora_image: 1, mine: 0.14 });
});
