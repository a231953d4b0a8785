import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

/** Cheapest first: the account at which exactly this request costs least, as far as limits and health allow. */

const flat = (low: number, high: number) => ({
  prices: { models: { 'gpt-image-1': { per_image: { low: { '*': low }, high: { '*': high } } } } },
});
const unpriced = {
  preset: 'openai-compatible',
  models: { 'gpt-image-1': 'gpt-image-1', 'gpt-image-2': 'gpt-image-2' },
};
const low = { quality: 'low', size: '1024x1024' };
const high = { quality: 'high', size: '1024x1024' };

describe('with "routing": { "prefer": "cheapest" }', () => {
  let world: World;
  const render = async (fields: Record<string, unknown>): Promise<PresentedJob> =>
    world.ended((await world.submit(fields)).id);
  beforeAll(async () => {
    world = await createWorld({
      config: { routing: { prefer: 'cheapest' } },
      // By priority and weight all would go to `sim`, whose price nobody knows.
      account: { ...unpriced, priority: 0, weight: 100 },
      others: {
        small: { ...unpriced, ...flat(0.01, 0.5), priority: 5, limits: { concurrency: 1 } },
        large: { ...unpriced, ...flat(0.02, 0.2), priority: 9 },
      },
    });
  });
  afterAll(async () => world.close());

  test('each request goes where it is cheapest, an unknown price last', async () => {
    const jobs = [await render(low), await render(high), await render({ model: 'gpt-image-2', ...low })];
    expect(jobs.map(({ provider }) => provider)).toEqual(['small', 'large', 'sim']);
    expect(jobs.map(({ cost }) => cost.actual)).toEqual([0.01, 0.2, null]);
  });

  test('POST /v1/estimates names the accounts in that order', async () => {
    const order = async (fields: object) => {
      const body = { type: 'generation', prompt: 'x', model: 'gpt-image-1', ...fields };
      const answer = await world.call<{ accounts: { provider: string }[] }>('POST', '/v1/estimates', body);
      return answer.body.accounts.map(({ provider }) => provider);
    };
    expect([await order(low), await order(high)]).toEqual([
      ['small', 'large', 'sim'],
      ['large', 'small', 'sim'],
    ]);
  });

  test('what the cheapest has no room for goes to the next; jobs of another order do not wait behind it', async () => {
    await world.others['small']?.faults([{ times: 1, fault: { kind: 'hang_before_headers' } }]);
    const held = await world.submit({ ...low, prompt: 'held' });
    await until(async () => (await world.others['small']?.stats())?.held === 1);
    const next = [await render(low), await render(high)];
    expect(next.map(({ provider }) => provider)).toEqual(['large', 'large']);
    await world.others['small']?.release();
    expect((await world.ended(held.id)).provider).toBe('small');
  });

  test('a job that the cheapest refuses without being paid goes on at the next cheapest', async () => {
    await world.others['small']?.faults([{ times: 1, fault: { kind: 'model_not_found' } }]);
    const job = await render({ ...low, prompt: 'refused' });
    expect(job.attempts.map(({ provider, outcome }) => [provider, outcome])).toEqual([
      ['small', 'rejected'],
      ['large', 'billed'],
    ]);
  });

  test('a retry of a job by its user asks in that order again', async () => {
    await world.others['small']?.faults([{ times: 1, fault: { kind: 'moderation_blocked' } }]);
    const { id, status } = await render({ ...low, prompt: 'blocked' });
    expect(status).toBe('failed');
    await world.call('POST', `/v1/jobs/${id}/retry`);
    expect((await world.ended(id)).provider).toBe('small');
  });
});

test('the input images count: an account that bills by token is dearer with four of them, cheaper with none', async () => {
  const per_token = { text_in: 10, image_in: 400, image_out: 10 };
  const world = await createWorld({
    config: { routing: { prefer: 'cheapest' } },
    account: { prices: { models: { 'gpt-image-1': { per_token } } } },
    others: { flat: { ...unpriced, ...flat(0.05, 0.05) } },
  });
  const png = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  const image = `data:image/png;base64,${png.toString('base64')}`;
  const none = await world.ended((await world.submit(low)).id);
  const four = await world.ended(
    (await world.submit({ ...low, type: 'edit', images: [image, image, image, image] })).id,
  );
  expect([none.provider, four.provider]).toEqual(['sim', 'flat']);
  await world.close();
});

test('by default priority decides, whatever it costs', async () => {
  const world = await createWorld({
    account: { ...unpriced, ...flat(0.5, 0.5) },
    others: { cheap: { ...unpriced, ...flat(0.01, 0.01), priority: 1 } },
  });
  expect((await world.ended((await world.submit(low)).id)).provider).toBe('sim');
  await world.close();
});
