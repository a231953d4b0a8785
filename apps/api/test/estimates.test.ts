import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

/** What a job would cost, before anything is paid. */

interface Estimate {
  model: string;
  images: number;
  calls: number;
  cost: { min: number; max: number };
  input_tokens: { text: number; images: number | null };
  excludes: string[];
  accounts: { provider: string; cost: number | null; basis: string | null; excludes: string[] }[];
  seconds: number | null;
}
interface Refusal {
  error: { code: string; param: string | null; message: string };
}

const body = { type: 'generation', prompt: 'a mug', model: 'gpt-image-1', size: '1024x1024', quality: 'low' };

describe('POST /v1/estimates with several accounts', () => {
  let world: World;
  const address = { preset: 'openai-compatible', base_url: 'http://127.0.0.1:9/v1', api_key: '${TEST_PROVIDER_KEY}' };
  const perImage = (currency: string, price: number) => ({
    currency,
    models: { 'gpt-image-1': { per_image: { '*': { '*': price } } } },
  });
  const { models } = perImage('CNY', 0.1);
  const flat = (currency: string, price: number) => ({ currency, per_image: { '*': { '*': price } } });
  const threeCurrencies = {
    currency: 'CNY',
    models: { ...models, 'gpt-image-2': flat('USD', 0.02), 'gpt-image-1.5': flat('JPY', 3) },
  };
  beforeAll(async () => {
    const providers = [
      { id: 'list', preset: 'openai', api_key: '${TEST_PROVIDER_KEY}' },
      { ...address, id: 'flat', prices: perImage('USD', 0.03), priority: 1 },
      { ...address, id: 'yuan', prices: threeCurrencies, priority: 2 },
      { ...address, id: 'yen', prices: perImage('JPY', 5), priority: 3 },
      { ...address, id: 'silent', priority: 4, limits: { images_per_minute: 2 } },
    ];
    world = await createWorld({ worker: false, config: { providers, usd_per: { CNY: 0.14 } } });
  });
  afterAll(async () => world.close());

  const estimate = async <T = Estimate>(fields: Record<string, unknown>) =>
    world.call<T>('POST', '/v1/estimates', { ...body, ...fields });
  const refusal = async (fields: Record<string, unknown>) => {
    const { status, body: answer } = await estimate<Refusal>(fields);
    return { status, ...answer.error };
  };

  test('names the price of each account that could serve it; one that is not known is null', async () => {
    const { status, body: answer } = await estimate({ n: 3 });
    expect(status).toBe(200);
    expect(answer).toEqual({
      object: 'estimate',
      model: 'gpt-image-1',
      images: 3,
      calls: 2,
      currency: 'USD',
      cost: { min: 0.032_76, max: 0.09 },
      input_tokens: { text: 8, images: 0 },
      excludes: [],
      accounts: [
        { provider: 'list', cost: 0.032_76, basis: 'table', excludes: [] },
        { provider: 'flat', cost: 0.09, basis: 'per_image', excludes: [] },
        { provider: 'yuan', cost: 0.042, basis: 'per_image', excludes: [] },
        { provider: 'yen', cost: null, basis: null, excludes: [] },
        { provider: 'silent', cost: null, basis: null, excludes: [] },
      ],
      seconds: null,
    });
  });

  test('auto is estimated at its dearest', async () => {
    const { body: answer } = await estimate({ size: 'auto', quality: 'auto', provider: 'list' });
    expect(answer.cost).toEqual({ min: 0.249_64, max: 0.249_64 });
  });

  test('auto quality of a model with qualities that nobody has priced is said to be so, where the account bills by it', async () => {
    const auto = { model: 'gpt-image-2.6-flare', quality: 'auto', provider: 'list' };
    const { body: answer } = await estimate(auto);
    expect(answer).toMatchObject({ cost: { min: 0.210_76 }, excludes: ['dearer_qualities'] });
    expect((await estimate({ ...auto, quality: 'high' })).body.excludes).toEqual([]);
    expect((await estimate({ quality: 'auto', provider: 'flat' })).body.excludes).toEqual([]);
  });

  test('prices of one account in two currencies stand beside each other; without a rate only those in it are unknown', async () => {
    const yuan = { provider: 'yuan', n: 1 };
    const known = [await estimate(yuan), await estimate({ ...yuan, model: 'gpt-image-2' })];
    expect(known.map(({ body: { cost } }) => cost.min)).toEqual([0.014, 0.02]);
    expect((await refusal({ ...yuan, model: 'gpt-image-1.5' })).message).toContain('set usd_per.JPY');
  });

  test('what nobody has a price for is an error that names the accounts and what to configure', async () => {
    const unpriced = await refusal({ provider: 'silent' });
    expect([unpriced.status, unpriced.code, unpriced.param]).toEqual([422, 'price_unknown', 'model']);
    expect(unpriced.message).toContain(`at 'silent' there is no price: set prices.models["gpt-image-1"]`);
    expect((await refusal({ provider: 'yen' })).message).toContain(`at 'yen' its price is in JPY: set usd_per.JPY`);
    const dalle = await refusal({ model: 'dall-e-2', size: '256x256', quality: undefined });
    for (const id of ['list', 'flat', 'yuan', 'yen', 'silent']) expect(dalle.message).toContain(`at '${id}'`);
    const unpublished = await refusal({ model: 'gpt-image-2.6-flare', quality: 'max', provider: 'list' });
    expect(unpublished.message).toContain('quality max and size 1024x1024');
  });

  test.each([
    ['a size that the model does not make', { size: '7x7' }],
    ['an unknown parameter', { colour: 'red' }],
    ['an unknown model', { model: 'none', provider: 'list' }],
    ['an unknown account', { provider: 'nobody' }],
    ['an edit without an image', { type: 'edit' }],
    ['an input that is no image', { type: 'edit', image: `data:image/png;base64,${btoa('not a picture at all')}` }],
    ['a webhook URL that may not be called', { webhook_url: 'http://10.0.0.1/hook' }],
  ])('%s is refused as it is for a job', async (_, fields) => {
    const job = await world.call<Refusal>('POST', '/v1/jobs', { ...body, ...fields });
    const { status, ...error } = await refusal(fields);
    expect(status).toBeGreaterThanOrEqual(400);
    expect([status, error]).toEqual([job.status, job.body.error]);
  });

  test('an edit is checked with its images, and nothing is stored of it', async () => {
    const png = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    const before = await world.redis.keys(`${world.prefix}*`);
    const { status, body: answer } = await estimate({
      type: 'edit',
      image: `data:image/png;base64,${png.toString('base64')}`,
      custom_id: 'a',
    });
    expect([status, answer.cost.min, answer.input_tokens]).toEqual([200, 0.013_03, { text: 42, images: 194 }]);
    expect((await world.redis.keys(`${world.prefix}*`)).sort()).toEqual(before.sort());
    for await (const object of world.storage.list('default/')) throw new Error(`stored: ${object.key}`);
    expect((await world.call<{ data: unknown[] }>('GET', '/v1/jobs')).body.data).toEqual([]);
  });

  test('an image that is still to be fetched is not counted, and said to be so by the accounts that bill it', async () => {
    const edit = { type: 'edit', image: 'https://images.example/mug.png', model: 'gpt-image-1' };
    const { body: answer } = await estimate(edit);
    expect(answer.input_tokens.images).toBeNull();
    expect(answer.excludes).toEqual(['input_image_tokens']);
    expect(answer.accounts.map(({ excludes }) => excludes.length)).toEqual([1, 0, 0, 0, 0]);
  });

  test('a form is refused: it takes JSON', async () => {
    const form = new FormData();
    form.set('prompt', 'a mug');
    const { status, body: answer } = await world.call<Refusal>('POST', '/v1/estimates', form);
    expect([status, answer.error.code]).toEqual([415, 'unsupported_media_type']);
  });
});

describe('POST /v1/estimates where calls have been timed', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ account: { limits: { concurrency: 1, images_per_minute: 50 } } });
  });
  afterAll(async () => world.close());

  const seconds = async (n: number) =>
    (await world.call<Estimate>('POST', '/v1/estimates', { ...body, n })).body.seconds;

  test('time is that of its calls, after what is in flight and waits; and the cost is what the job came to', async () => {
    const job: PresentedJob = await world.ended((await world.submit(body)).id);
    const answer = await world.call<Estimate>('POST', '/v1/estimates', body);
    expect(job.cost.estimated).toBe(answer.body.cost.min);
    // As if that call had taken ten seconds.
    const day = Math.floor(Date.now() / 86_400_000);
    await world.redis.hset(`${world.prefix}usage:default:${day}`, 'sim|ms|gpt-image-1', '10000');
    expect([await seconds(1), await seconds(10)]).toEqual([10, 10]);
    await world.simulator.faults([{ times: 1, fault: { kind: 'hang_before_headers' } }]);
    const waiting = await Promise.all([1, 2, 3].map(async () => world.submit(body)));
    await until(async () => (await world.simulator.stats()).held === 1);
    expect(await seconds(1)).toBe(40);
    await world.simulator.release();
    await Promise.all(waiting.map(async ({ id }) => world.ended(id)));
  });
});
