import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { endedBatch, lines, type BatchAnswer, type Refusal } from '../../../test/batch-calls.js';
import { makeKey, type MadeKey } from '../../../test/keys.js';
import { createWorld, type World } from '../../../test/world.js';

/** `spend_limit`: every picture costs five cents here. */

const prices = { currency: 'USD', models: { 'gpt-image-1': { per_image: { '*': { '*': 0.05 } } } } };
const account = { preset: 'openai-compatible', prices };
let world: World;
let idle: World;
beforeAll(async () => {
  [world, idle] = await Promise.all([createWorld({ account }), createWorld({ account, worker: false })]);
});
afterAll(async () => {
  await Promise.all([world.close(), idle.close()]);
});

const buyer = async (of: World, spend_limit: number, project = 'buyer'): Promise<MadeKey> =>
  makeKey(of, { project, spend_limit, scopes: ['jobs:write', 'jobs:read', 'batches'] });
const order = { type: 'generation', model: 'gpt-image-1', prompt: 'five cents' };
const ask = async ({ call }: MadeKey, body: object = {}, headers = {}) =>
  call<PresentedJob & Refusal>('POST', '/v1/jobs', { ...order, ...body }, headers);
const spentBy = async (of: World, { id }: MadeKey): Promise<number> =>
  (await of.call<{ spent: number }>('GET', `/v1/api_keys/${id}`)).body.spent;

async function bought(key: MadeKey, body: object = {}): Promise<PresentedJob> {
  const { id } = (await ask(key, body)).body;
  for (;;) {
    const { body: job } = await key.call<PresentedJob>('GET', `/v1/jobs/${id}?wait=20`);
    if (job.status !== 'queued' && job.status !== 'in_progress') return job;
  }
}

describe('a key with a spend limit', () => {
  test('buys up to it; what is beyond is 402 before anything is queued, and repeats find what was bought', async () => {
    const key = await buyer(world, 0.12);
    const once = { 'idempotency-key': 'the-first' };
    const first = await ask(key, { prompt: 'the first' }, once);
    await key.call('GET', `/v1/jobs/${first.body.id}?wait=60`);
    expect((await bought(key)).status).toBe('completed');
    expect(await spentBy(world, key)).toBe(0.1);
    const over = await ask(key, { prompt: 'never asked for' });
    expect([over.status, over.body.error.code]).toEqual([402, 'budget_exceeded']);
    const asked = (await world.simulator.ledger()).filter(({ prompt }) => prompt === 'never asked for');
    expect(asked).toEqual([]);
    const again = await ask(key, { prompt: 'the first' }, once);
    expect([again.status, again.body.id]).toEqual([202, first.body.id]);
    const list = await key.call<{ data: unknown[] }>('GET', '/v1/jobs');
    expect(list.body.data).toHaveLength(2);
  });

  test('may order at once only what is left of it, what is under way counted', async () => {
    const key = await buyer(idle, 0.12);
    const answers = await Promise.all(Array.from({ length: 6 }, async (_, i) => ask(key, { prompt: `at once ${i}` })));
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([202, 202, 402, 402, 402, 402]);
    const taken = answers.find(({ status }) => status === 202);
    await key.call('POST', `/v1/jobs/${taken?.body.id}/cancel`);
    expect((await ask(key, { prompt: 'in the place of the cancelled' })).status).toBe(202);
    expect((await ask(key, { prompt: 'two of them', n: 2 })).status).toBe(402);
  });

  test('that waits for a held call gets its job by asking again, though nothing is left for another', async () => {
    const short = await createWorld({ account, worker: false, env: { SYNC_WAIT_MS: '1' } });
    const key = await buyer(short, 0.05);
    const held = async () => key.call('POST', '/v1/images/generations', { model: 'gpt-image-1', prompt: 'held' });
    const [first, second] = [await held(), await held()];
    expect([first.status, second.status]).toEqual([503, 503]);
    expect(second.headers.get('x-rendermill-job')).toBe(first.headers.get('x-rendermill-job'));
    await short.close();
  });

  test('orders nothing whose price nobody knows', async () => {
    const refused = await ask(await buyer(idle, 5), { model: 'gpt-image-1.5' });
    expect([refused.status, refused.body.error.code]).toEqual([422, 'price_unknown']);
  });

  test('has counted what may have been billed', async () => {
    const key = await buyer(world, 1);
    await world.simulator.faults([{ when: { promptIncludes: 'cut' }, fault: { kind: 'reset_in_body' } }]);
    await bought(key, { prompt: 'cut', on_unknown_outcome: 'fail' });
    await world.simulator.faults([]);
    expect(await spentBy(world, key)).toBe(0.05);
  });

  test('begins a batch that ends where the limit does, and retries only what it ordered itself', async () => {
    const key = await buyer(world, 0.12);
    const requests = lines(5, 'limited');
    const { body } = await key.call<BatchAnswer>('POST', '/v1/batches', { requests });
    expect((await ask(key)).status).toBe(402);
    const ended = await endedBatch({ ...world, call: key.call }, body.id);
    expect(ended.request_counts).toMatchObject({ completed: 2, failed: 3 });
    expect(await spentBy(world, key)).toBe(0.1);
    const other = await buyer(world, 5);
    const retry = await other.call<Refusal>('POST', `/v1/batches/${body.id}/retry`, {});
    expect([retry.status, retry.body.error.code]).toEqual([403, 'insufficient_scope']);
    // Two cents are left, which no line is to be had for.
    await key.call('POST', `/v1/batches/${body.id}/retry`, { max_cost: 100 });
    const again = await endedBatch({ ...world, call: key.call }, body.id);
    expect(again.request_counts).toMatchObject({ completed: 2, failed: 3 });
    expect(await spentBy(world, key)).toBe(0.1);
  });

  test('with room for one begins one of three retries at once, and the others are 402', async () => {
    const key = await buyer(world, 0.05);
    await world.simulator.faults([{ when: { promptIncludes: 'refused' }, fault: { kind: 'moderation_blocked' } }]);
    const failed: PresentedJob[] = [];
    for (let i = 0; i < 3; i++) failed.push(await bought(key, { prompt: `refused ${i}` }));
    expect(failed.map(({ status }) => status)).toEqual(['failed', 'failed', 'failed']);
    // It stays under way while the others ask.
    await world.simulator.faults([{ when: { promptIncludes: 'refused' }, fault: { kind: 'hang_before_headers' } }]);
    const retry = async ({ id }: { id: string }) => key.call<Refusal>('POST', `/v1/jobs/${id}/retry`);
    const answers = await Promise.all(failed.map(retry));
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([202, 402, 402]);
    expect((await ask(key)).status).toBe(402);
    const untouched = failed.filter((_, i) => answers[i]?.status === 402);
    for (const { id } of untouched)
      expect((await key.call('GET', `/v1/jobs/${id}`)).body).toMatchObject({ status: 'failed' });
    await world.simulator.faults([]);
  });

  test('with room for one line begins one of three retries of batches at once, and repeats of it are answered', async () => {
    const key = await buyer(world, 0.05);
    const own = { ...world, call: key.call };
    await world.simulator.faults([{ when: { promptIncludes: 'barred' }, fault: { kind: 'moderation_blocked' } }]);
    const ended: BatchAnswer[] = [];
    for (let i = 0; i < 3; i++) {
      const { body } = await key.call<BatchAnswer>('POST', '/v1/batches', { requests: lines(1, `barred ${i}`) });
      ended.push(await endedBatch(own, body.id));
    }
    await world.simulator.faults([]);
    const retry = async ({ id }: { id: string }) =>
      key.call<Refusal>('POST', `/v1/batches/${id}/retry`, {}, { 'idempotency-key': `again-${id}` });
    const answers = await Promise.all(ended.map(retry));
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 402, 402]);
    const counts = await Promise.all(ended.map(async ({ id }) => (await endedBatch(own, id)).request_counts.completed));
    expect(counts).toEqual(answers.map(({ status }) => (status === 200 ? 1 : 0)));
    expect(await spentBy(world, key)).toBe(0.05);
    expect((await Promise.all(ended.map(retry))).map(({ status }) => status)).toEqual(
      answers.map(({ status }) => status),
    );
  });

  test('of which nothing is left begins no batch', async () => {
    const key = await buyer(idle, 0);
    const { status, body } = await key.call<Refusal>('POST', '/v1/batches', { requests: lines(1, 'none') });
    expect([status, body.error.code]).toEqual([402, 'budget_exceeded']);
  });
});
