import { describe, expect, test } from '@jest/globals';
import { callCost, imageEstimate, leftOut, type Wanted } from '@rendermill/shared/domain/costs';
import type { JobRequest, Operation } from '@rendermill/shared/domain/job-request';
import { openaiPrices } from '@rendermill/shared/domain/presets/openai';
import { accountPrices, type PriceTable } from '@rendermill/shared/domain/prices';
import { inputTokens } from '@rendermill/shared/domain/tokens';

const openai = accountPrices([openaiPrices], {});
const wanted = (model: string, request: Partial<JobRequest> = {}, more: Partial<Wanted> = {}): Wanted => ({
  model,
  type: 'generation',
  request: { prompt: '', n: 1, size: '1024x1024', quality: 'low', ...request },
  inputs: [],
  ...more,
});
/** Micro-dollars of the words around an empty prompt, at 5 USD a million. */
const around = 30;

describe('an estimate', () => {
  test('is the table, with the prompt; the cost is what the provider counted', () => {
    const asked = wanted('gpt-image-1');
    expect(imageEstimate(openai['gpt-image-1'], asked)).toEqual({ micros: 10_880 + around, basis: 'table' });
    const usage = {
      input_tokens: 60,
      output_tokens: 272,
      total_tokens: 332,
      input_tokens_details: { text_tokens: 10, image_tokens: 50 },
    };
    expect(callCost(openai['gpt-image-1'], asked, 1, usage)).toEqual({ micros: 11_430, basis: 'tokens' });
    expect(callCost(openai['gpt-image-1'], asked, 3, null)).toEqual({ micros: 3 * (10_880 + around), basis: 'table' });
  });

  test('of an account that bills by image or token is the cheaper, in its own currency', () => {
    const both = { per_token: { text_in: 0, image_in: 0, image_out: 40 }, per_image: { low: { '1024x1024': 0.07 } } };
    const table: PriceTable = { currency: 'CNY', models: { 'gpt-image-1': both } };
    const { 'gpt-image-1': price } = accountPrices([table], { CNY: 0.14 });
    expect(imageEstimate(price, wanted('gpt-image-1'))).toEqual({ micros: 1_523, basis: 'table' });
    const yuan = { per_image: { low: { '*': 0.14 }, high: { '*': 1.36 } } };
    const flat = accountPrices([{ currency: 'CNY', models: { m: yuan } }], { CNY: 0.14 })['m'];
    expect(imageEstimate(flat, wanted('m', { size: 'auto', quality: 'auto' }))).toEqual({
      micros: 190_400,
      basis: 'per_image',
    });
  });

  test('without a price, or without the rate of its currency, is unknown, never nothing', () => {
    expect(imageEstimate(undefined, wanted('gpt-image-1'))).toBeNull();
    expect(imageEstimate({ currency: 'CNY', usdRate: null, per_image: { '*': { '*': 1 } } }, wanted('m'))).toBeNull();
    expect(imageEstimate(openai['gpt-image-2.6-flare'], wanted('gpt-image-2.6-flare', { quality: 'max' }))).toBeNull();
  });

  test('says what it leaves out', () => {
    const photo = { width: 1_024, height: 1_024 };
    const edit = (model: string, inputs: Wanted['inputs']) => wanted(model, {}, { type: 'edit', inputs });
    const of = (asked: Wanted) => {
      const price = openai[asked.model];
      if (!price) throw new Error(`no price of ${asked.model}`);
      return leftOut(price, asked);
    };
    expect(of(wanted('gpt-image-1'))).toEqual([]);
    expect(of(edit('gpt-image-1', [photo]))).toEqual([]);
    expect(of(edit('gpt-image-1', [photo, { width: null, height: null }]))).toEqual(['input_image_tokens']);
    expect(of(edit('gpt-image-2', [photo]))).toEqual(['input_image_tokens']);
    expect(of(wanted('gpt-image-1.5'))).toEqual(['output_text_tokens']);
    expect(of(wanted('gpt-image-2', { quality: 'auto' }))).toEqual([]);
    expect(of(wanted('gpt-image-2.6-flare', { quality: 'auto' }))).toEqual(['dearer_qualities']);
    const flat = { currency: 'USD', usdRate: 1, per_image: { '*': { '*': 0.03 } } };
    expect(leftOut(flat, edit('gpt-image-2', [photo]))).toEqual([]);
    const some = { ...flat, per_image: { low: { '*': 0.03 }, medium: { '*': 0.06 } } };
    expect(leftOut(some, wanted('gpt-image-1', { quality: 'auto' }))).toEqual(['dearer_qualities']);
  });
});

describe('a cost', () => {
  test('bills the words of an answer at their own rate', () => {
    // As recorded of a gpt-image-1.5 edit.
    const usage = {
      input_tokens: 221,
      output_tokens: 415,
      total_tokens: 636,
      input_tokens_details: { text_tokens: 27, image_tokens: 194 },
      output_tokens_details: { text_tokens: 143, image_tokens: 272 },
    };
    const micros = 27 * 5 + 194 * 8 + 272 * 32 + 143 * 10;
    expect(callCost(openai['gpt-image-1.5'], wanted('gpt-image-1.5'), 1, usage)).toEqual({ micros, basis: 'tokens' });
  });

  test('of an edit whose input is told as one sum bills as images what the prompt cannot have been', () => {
    const usage = { input_tokens: 240, output_tokens: 272, total_tokens: 512 };
    const inputs = [{ width: 64, height: 64 }];
    const edit = wanted('gpt-image-1', {}, { type: 'edit', inputs });
    const micros = 40 * 5 + 200 * 10 + 272 * 40;
    expect(callCost(openai['gpt-image-1'], edit, 1, usage)?.micros).toBe(micros);
    expect(callCost(openai['gpt-image-1'], wanted('gpt-image-1'), 1, usage)?.micros).toBe(240 * 5 + 272 * 40);
  });
});

describe('prices of an account', () => {
  const preset: PriceTable = {
    currency: 'CNY',
    models: { a: { per_image: {} }, b: { currency: 'USD', per_image: {} } },
  };
  test('have each row its currency and rate; what is given replaces the row of its model alone', () => {
    const given: PriceTable = { currency: 'JPY', models: { c: { per_image: {} }, b: { per_token: rates } } };
    const prices = accountPrices([preset, given], { CNY: 0.14 });
    const told = Object.entries(prices).map(([model, { currency, usdRate }]) => [model, currency, usdRate]);
    expect(told).toEqual([
      ['a', 'CNY', 0.14],
      ['b', 'JPY', null],
      ['c', 'JPY', null],
    ]);
    expect(prices['b']).toEqual({ currency: 'JPY', usdRate: null, per_token: rates });
  });
  const rates = { text_in: 1, image_in: 1, image_out: 1 };
});

describe('tokens that go in', () => {
  const images = (width: number, height: number, input_fidelity?: string, model = 'gpt-image-1') =>
    inputTokens({
      model,
      type: 'edit',
      request: { prompt: '', ...(input_fidelity && { input_fidelity }) },
      inputs: [{ width, height }],
    }).images;

  test.each([
    [64, 64, 194],
    [1_024, 1_024, 194],
    [1_024, 1_025, 194],
    [512, 513, 323],
    [1_920, 1_080, 323],
    [4_096, 1_024, 581],
    [8_000, 1_000, 581],
  ])('%ix%i: %i tokens, as the guide and answers count', (width, height, tokens) => {
    expect(images(width, height)).toBe(tokens);
  });

  test('are more at high fidelity, and unknown for the models of 2026', () => {
    expect([images(1_024, 1_024, 'high'), images(1_024, 1_536, 'high')]).toEqual([4_354, 6_563]);
    expect(images(1_024, 1_024, undefined, 'gpt-image-2')).toBeNull();
  });

  test.each<[Operation, string, number]>([
    ['generation', 'a siamese cat', 10],
    ['generation', 'An isolated stop sign.', 11],
    ['edit', 'turn the logo to green', 27],
    ['edit', 'Create a collage from these images', 44],
  ])('of a prompt (%s, %s) are no fewer than the %i that a provider counted', (type, prompt, counted) => {
    const { text } = inputTokens({ model: 'gpt-image-1', type, request: { prompt }, inputs: [] });
    expect(text).toBeGreaterThanOrEqual(counted);
    expect(text).toBeLessThan(counted * 2);
  });

  test('of Chinese are two a character', () => {
    expect(
      inputTokens({ model: 'm', type: 'generation', request: { prompt: '一只红色的杯子' }, inputs: [] }).text,
    ).toBe(20);
  });
});
