import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { createBatch, endedBatch, lines, type Refusal } from '../../../test/batch-calls.js';
import { makeKey, type MadeKey } from '../../../test/keys.js';
import { createWorld, type World } from '../../../test/world.js';

/** Limits of money where a job may go to accounts of different prices: `sim` comes first, `other` where it cannot. */

const priced = (usd: number) => ({
  preset: 'openai-compatible',
  prices: { currency: 'USD', models: { 'gpt-image-1': { per_image: { '*': { '*': usd } } } } },
});
let unpriced: World;
let dearer: World;
beforeAll(async () => {
  const relay = { preset: 'openai-compatible', priority: 0 };
  [unpriced, dearer] = await Promise.all([
    createWorld({ account: relay, others: { other: { ...priced(0.05), priority: 1 } } }),
    createWorld({ account: { ...priced(0.05), priority: 0 }, others: { other: { ...priced(0.1), priority: 1 } } }),
  ]);
});
afterAll(async () => {
  await Promise.all([unpriced.close(), dearer.close()]);
});

const buyer = async (world: World): Promise<MadeKey> =>
  makeKey(world, { project: 'buyer', spend_limit: 0.12, scopes: ['jobs:write', 'jobs:read', 'batches'] });
const ask = async ({ call }: MadeKey, body: object = {}) =>
  call<PresentedJob & Refusal>('POST', '/v1/jobs', { type: 'generation', model: 'gpt-image-1', prompt: 'a', ...body });
const bought = async (world: World, prompt: string): Promise<number> => {
  const calls = await Promise.all([world.simulator, ...Object.values(world.others)].map(async (one) => one.ledger()));
  return calls.flat().filter((call) => call.prompt?.startsWith(prompt)).length;
};

describe('a key with a spend limit', () => {
  test('orders nothing that may go to an account without a price, and is told which account has one', async () => {
    const key = await buyer(unpriced);
    const refused = await ask(key, { prompt: 'anywhere' });
    expect([refused.status, refused.body.error.code]).toEqual([422, 'price_unknown']);
    expect(refused.body.error.message).toMatch(/at 'sim' there is no price.*"provider": "other"/);
    const named = { prompt: 'there', provider: 'other' };
    const orders = [await ask(key, named), await ask(key, named), await ask(key, named)];
    expect(orders.map(({ status }) => status)).toEqual([202, 202, 402]);
    for (const { body } of orders.slice(0, 2)) await key.call('GET', `/v1/jobs/${body.id}?wait=60`);
    expect([await bought(unpriced, 'anywhere'), await bought(unpriced, 'there')]).toEqual([0, 2]);
    const { body } = await unpriced.call<{ spent: number }>('GET', `/v1/api_keys/${key.id}`);
    expect(body.spent).toBe(0.1);
  });

  test('has the dearest account’s price set aside, for a retry too', async () => {
    const key = await buyer(dearer);
    const fault = async (kind: 'moderation_blocked' | 'hang_before_headers') =>
      dearer.simulator.faults([{ when: { promptIncludes: 'held back' }, fault: { kind } }]);
    await fault('moderation_blocked');
    const first = await ask(key, { prompt: 'held back' });
    expect([first.status, first.body.cost.estimated]).toEqual([202, 0.1]);
    const { body } = await key.call<PresentedJob>('GET', `/v1/jobs/${first.body.id}?wait=60`);
    expect(body.status).toBe('failed');
    await fault('hang_before_headers');
    expect((await key.call('POST', `/v1/jobs/${body.id}/retry`)).status).toBe(202);
    const over = await ask(key);
    expect([over.status, over.body.error.message]).toEqual([
      402,
      expect.stringContaining('$0.10 are spent or under way'),
    ]);
  });

  test('retries nothing that may go to an account without a price by now', async () => {
    const key = await buyer(unpriced);
    await unpriced.others['other']?.faults([
      { when: { promptIncludes: 'barred' }, fault: { kind: 'moderation_blocked' } },
    ]);
    const { id } = (await ask(key, { prompt: 'barred', provider: 'other' })).body;
    const { body } = await key.call<PresentedJob>('GET', `/v1/jobs/${id}?wait=60`);
    expect(body.status).toBe('failed');
    // As if its account had had the only price there was, and the relay had come since.
    const place = `${unpriced.prefix}job:${id}`;
    const spec = JSON.parse((await unpriced.redis.hget(place, 'spec')) ?? '{}') as object;
    await unpriced.redis.hset(place, 'spec', JSON.stringify({ ...spec, provider: null }));
    const refused = await key.call<Refusal>('POST', `/v1/jobs/${id}/retry`);
    expect([refused.status, refused.body.error.code]).toEqual([422, 'price_unknown']);
  });
});

describe('a batch with a max_cost', () => {
  test('begins no line that may go to an account without a price; without a max_cost it does', async () => {
    const { id } = await createBatch(unpriced, { requests: lines(2, 'bounded'), max_cost: 1 });
    expect((await endedBatch(unpriced, id)).request_counts).toMatchObject({ completed: 0, failed: 2 });
    const failures = await unpriced.call<{ data: { code: string; count: number }[] }>(
      'GET',
      `/v1/batches/${id}/failures`,
    );
    expect(failures.body.data).toMatchObject([{ code: 'price_unknown', count: 2 }]);
    const open = await createBatch(unpriced, { requests: lines(2, 'unbounded') });
    expect((await endedBatch(unpriced, open.id)).request_counts).toMatchObject({ completed: 2, failed: 0 });
    expect([await bought(unpriced, 'bounded'), await bought(unpriced, 'unbounded')]).toEqual([0, 2]);
  });

  test('begins a line only where the dearest account’s price fits in it', async () => {
    const { id } = await createBatch(dearer, { requests: lines(3, 'bounded'), max_cost: 0.12 });
    const ended = await endedBatch(dearer, id);
    expect(ended.request_counts).toMatchObject({ completed: 1, failed: 2 });
    expect([ended.cost.actual, await bought(dearer, 'bounded')]).toEqual([0.05, 1]);
  });
});
