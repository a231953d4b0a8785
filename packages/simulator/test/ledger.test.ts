import { describe, expect, test } from '@jest/globals';
import { filesOf, generate, generated, jsonOf, sha256, simulate, statusOf } from './support.js';
import { until } from '../../../test/until.js';

describe('the ledger', () => {
  test('has one entry for each request, with what was asked, sent and charged', async () => {
    const simulator = await simulate();
    const body = { n: 2, quality: 'high', size: '1024x1024', user: 'tenant-1', seed: 7 };
    const answer = await generate(simulator, body, { 'idempotency-key': 'key-1', 'x-stainless-retry-count': '1' });
    const files = filesOf(await jsonOf(answer));
    expect(simulator.ledger).toEqual([
      {
        number: 1,
        at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        request_id: answer.headers.get('x-request-id'),
        path: '/v1/images/generations',
        key_last4: 'abcd',
        headers: expect.objectContaining({ 'idempotency-key': 'key-1', 'x-stainless-retry-count': '1' }),
        model: 'gpt-image-2',
        prompt: 'A red mug',
        n: 2,
        charged: true,
        // 2 × 7,024 image tokens at 30, 3 text tokens at 5 micro-dollars.
        cost_micros: 421_455,
        images: 2,
        sha256: files.map(sha256),
        outcome: 'ok',
        status: 200,
        client_gone: false,
        duration_ms: expect.any(Number),
        inputs: [],
        mask: null,
        fields: { model: 'gpt-image-2', prompt: 'A red mug', ...body },
      },
    ]);
    expect(JSON.stringify(simulator.ledger)).not.toContain('sk-test');
  });

  test.each([
    ['gpt-image-2', 'low', '1024x1024', 196 * 30],
    ['gpt-image-2', 'medium', '1536x1024', 1_372 * 30],
    ['gpt-image-2', 'high', '3840x2160', 13_342 * 30],
    ['gpt-image-2.6-flare', 'high', '2048x2048', 14_272 * 30],
    ['gpt-image-1.5', 'high', '1024x1536', 6_240 * 32],
    ['gpt-image-1', 'medium', '1024x1024', 1_056 * 40],
    ['gpt-image-1-mini', 'low', '1536x1024', 400 * 8],
    ['a-relay-of-its-own', 'low', '1024x1024', 196 * 30],
  ])('%s in %s at %s costs its tokens', async (model, quality, size, micros) => {
    const simulator = await simulate({ images: { pool: { bytes: 100_000 } } });
    const body = await generated(simulator, { model, quality, size, prompt: 'free' });
    const text = model === 'gpt-image-1-mini' ? 2 : 5;
    expect(simulator.ledger[0]?.cost_micros).toBe(micros + text);
    expect(body.usage?.total_tokens).toBe((body.usage?.input_tokens ?? 0) + (body.usage?.output_tokens ?? 0));
  });

  test.each([
    ['dall-e-3', 'hd', '1792x1024', 120_000],
    ['dall-e-3', 'standard', '1024x1024', 40_000],
    ['dall-e-2', 'standard', '512x512', 18_000],
  ])('%s in %s at %s costs its price by image', async (model, quality, size, micros) => {
    const simulator = await simulate();
    await statusOf(simulator, { model, quality, size });
    expect(simulator.ledger[0]?.cost_micros).toBe(micros);
  });

  test('prices can be replaced', async () => {
    const simulator = await simulate({ prices: { 'gpt-image-2': { per_image: { '*': { '*': 30_000 } } } } });
    await statusOf(simulator, { n: 3 });
    expect(simulator.ledger[0]?.cost_micros).toBe(90_000);
  });

  test('a client that hangs up is charged all the same', async () => {
    const simulator = await simulate({ latencyMs: 1_000 });
    const impatience = new AbortController();
    const call = fetch(`${simulator.url}/images/generations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ prompt: 'Too slow', size: '256x256' }),
      signal: impatience.signal,
    });
    await until(() => simulator.stats.in_flight === 1);
    impatience.abort();
    await expect(call).rejects.toThrow(/abort/);
    await until(() => simulator.stats.in_flight === 0);
    expect(simulator.ledger[0]).toMatchObject({ charged: true, outcome: 'client_gone', client_gone: true });
  });

  test.each([
    ['no prompt', { prompt: null }, 'missing_required_parameter', 'prompt'],
    ['an impossible size', { size: '10x10' }, 'invalid_value', 'size'],
    ['a size that is none', { size: 'large' }, 'invalid_value', 'size'],
    ['eleven images', { n: 11 }, 'integer_above_max_value', 'n'],
    ['no images', { n: 0 }, 'integer_below_min_value', 'n'],
    ['half an image', { n: 1.5 }, 'invalid_type', 'n'],
    ['an unknown quality', { quality: 'best' }, 'invalid_value', 'quality'],
    ['a GIF', { output_format: 'gif' }, 'invalid_value', 'output_format'],
    ['an SVG', { output_format: 'svg' }, 'invalid_value', 'output_format'],
    ['a prompt that is a number', { prompt: 5 }, 'invalid_type', 'prompt'],
  ])('a request for %s is refused, entered and free', async (_name, body, code, param) => {
    const simulator = await simulate();
    const response = await generate(simulator, body);
    expect(response.status).toBe(400);
    expect((await jsonOf(response)).error).toMatchObject({ type: 'invalid_request_error', code, param });
    expect(simulator.ledger[0]).toMatchObject({ charged: false, cost_micros: 0, outcome: code, status: 400 });
  });

  test('JSON nulls are as good as absent', async () => {
    const simulator = await simulate();
    expect(await statusOf(simulator, { n: null, quality: null, user: null })).toBe(200);
  });

  test('a body that is no JSON is refused and entered', async () => {
    const simulator = await simulate();
    const options = { method: 'POST', headers: { 'content-type': 'application/json' } };
    const response = await fetch(`${simulator.url}/images/generations`, { ...options, body: '{"prompt":' });
    expect(response.status).toBe(400);
    expect(simulator.ledger).toMatchObject([{ outcome: '400', charged: false, prompt: null }]);
  });

  test('keeps its newest entries only, and stats forget nothing', async () => {
    const simulator = await simulate({ ledgerLimit: 4, images: { pool: { bytes: 10_000 } } });
    for (let i = 0; i < 10; i++) await statusOf(simulator, { size: '16x16' });
    expect(simulator.ledger.length).toBeLessThanOrEqual(5);
    expect(simulator.ledger.at(-1)?.number).toBe(10);
    expect(simulator.stats).toMatchObject({ requests: 10, charged: 10, images: 10 });
  });

  test('reset empties it, and numbers start anew', async () => {
    const simulator = await simulate();
    await statusOf(simulator);
    simulator.reset();
    expect(simulator.ledger).toEqual([]);
    await statusOf(simulator);
    expect(simulator.ledger).toMatchObject([{ number: 1 }]);
    expect(simulator.stats).toMatchObject({ requests: 1, charged: 1, in_flight: 0, outcomes: { ok: 1 } });
  });
});

describe('stats', () => {
  test('count what runs at the same time and in a minute', async () => {
    const simulator = await simulate({ latencyMs: 1_000 });
    await Promise.all([statusOf(simulator, { n: 2 }), statusOf(simulator), statusOf(simulator)]);
    await statusOf(simulator);
    expect(simulator.stats).toMatchObject({
      requests: 4,
      images: 5,
      in_flight: 0,
      max_in_flight: 3,
      max_requests_per_minute: 4,
      max_images_per_minute: 5,
      cost_micros: simulator.ledger.reduce((sum, entry) => sum + entry.cost_micros, 0),
    });
  });
});
