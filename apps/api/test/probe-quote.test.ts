import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createWorld, type World } from '../../../test/world.js';

/** What a probe would cost is told first, and nothing is spent without a word for it. */

interface Quote {
  object: string;
  model: string;
  cost: { expected: number | null; max: number | null };
  excludes: string[];
  calls: { step: string; cost: number | null; excludes: string[]; certain: boolean }[];
  consent: Record<string, unknown>;
}

let world: World;
beforeAll(async () => {
  world = await createWorld({ worker: false, others: { unpriced: { preset: 'openai-compatible' } } });
});
afterAll(async () => world.close());

const ask = async <T = Quote>(body?: unknown, account = 'sim') =>
  world.call<T>('POST', `/v1/providers/${account}/probe`, body);
interface Failure {
  error: { code: string; message: string; param: string };
}

describe('a first call', () => {
  test('tells each call and its cost, and the body that starts it; with or without a body of its own', async () => {
    const { status, body } = await ask({ model: 'gpt-image-1' });
    expect([status, body.object, body.model]).toEqual([200, 'probe_quote', 'gpt-image-1']);
    const certain = body.calls.filter((call) => call.certain);
    expect(certain.map(({ step }) => step)).toEqual(['generation_with_every_parameter', 'edit_of_two_images_and_mask']);
    // 400 and 272 tokens out at 40, 25 and 59 of text at 5, two pictures of 194 tokens at 10 dollars a million.
    expect(certain.map(({ cost }) => cost)).toEqual([0.016_125, 0.015_055]);
    expect(body.cost.expected).toBeCloseTo(0.031_18, 6);
    expect(body.excludes).toEqual([]);
    expect(body.cost.max).toBeGreaterThan(body.cost.expected ?? 0);
    expect(body.consent).toEqual({ model: 'gpt-image-1', spend: true, max_cost: body.cost.max });
    expect((await ask()).body.model).toBe('gpt-image-2');
  });

  test('names what nobody knows the price of, and the calls that it is part of', async () => {
    const { body } = await ask({ model: 'gpt-image-2' });
    expect(body.excludes).toEqual(['input_image_tokens']);
    for (const { step, excludes } of body.calls)
      expect([step, excludes]).toEqual([step, step.startsWith('edit') ? ['input_image_tokens'] : []]);
  });

  test('says that a price is unknown, never that it is 0', async () => {
    const { body } = await ask({}, 'unpriced');
    expect(body.cost).toEqual({ expected: null, max: null });
    expect(body.calls.map(({ cost }) => cost)).toEqual(body.calls.map(() => null));
    expect(body.consent).toEqual({ model: 'gpt-image-1', spend: true, max_cost: null });
  });

  test('stores and asks nothing', async () => {
    const keys: string[] = [];
    for await (const { key } of world.storage.list('')) keys.push(key);
    expect(keys).toEqual([]);
    expect(await world.redis.keys(`${world.prefix}*probe*`)).toEqual([]);
    expect(await world.simulator.ledger()).toEqual([]);
  });
});

test.each([
  [
    'no max_cost',
    'sim',
    { spend: true },
    400,
    'missing_required_parameter',
    /at most \$0\.\d+, without input image tokens, which nobody knows: say max_cost, 0\.\d+/,
  ],
  ['too little', 'sim', { spend: true, max_cost: 0.001 }, 402, 'budget_exceeded', /this is more than max_cost/],
  ['null for a known price', 'sim', { spend: true, max_cost: null }, 400, 'invalid_parameter', /say it as max_cost/],
  ['a figure for an unknown price', 'unpriced', { spend: true, max_cost: 1 }, 422, 'price_unknown', /"max_cost": null/],
  ['a model that it does not sell', 'sim', { model: 'sora_image' }, 404, 'model_not_found', /it sells gpt-image-2/],
  ['an account that is not there', 'none', {}, 404, 'not_found', /configured: sim, unpriced/],
  ['a word that is not known', 'sim', { yes: true }, 400, 'unknown_parameter', /'yes'/],
] as const)('%s is refused with what to do', async (_what, account, body, status, code, message) => {
  const answer = await ask<Failure>(body, account);
  expect([answer.status, answer.body.error.code]).toEqual([status, code]);
  expect(answer.body.error.message).toMatch(message);
  expect(await world.redis.smembers(`${world.prefix}probes`)).toEqual([]);
});

test('a test key may not probe an account of live keys', async () => {
  const { status } = await world.call('POST', '/v1/providers/simulator/probe', {});
  expect(status).toBe(404);
});

test('a repeat by Idempotency-Key begins one probe; another model has to wait for its end', async () => {
  const { consent } = (await ask({ model: 'gpt-image-1' })).body;
  const start = async (body: unknown, key?: string) =>
    world.call<{ id: string; status: string } & Failure>(
      'POST',
      '/v1/providers/sim/probe',
      body,
      key ? { 'idempotency-key': key } : {},
    );
  const first = await start(consent, 'k1');
  expect([first.status, first.body.status]).toEqual([202, 'running']);
  expect(first.headers.get('location')).toBe('/v1/providers/sim');
  expect((await start(consent, 'k1')).body.id).toBe(first.body.id);
  expect((await start(consent)).body.id).toBe(first.body.id);
  expect((await start({ ...consent, max_cost: 1 }, 'k1')).body.error.code).toBe('idempotency_key_reused');
  const other = await start({ model: 'gpt-image-2', spend: true, max_cost: 1 });
  expect([other.status, other.body.error.code]).toEqual([409, 'probe_in_progress']);
  const stored: string[] = [];
  for await (const { key } of world.storage.list('_accounts/')) stored.push(key);
  expect(stored.map((key) => key.split('/').at(-1))).toEqual(['0.png', '1.png', 'mask.png']);
});
