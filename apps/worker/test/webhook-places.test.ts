import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Queues } from '@rendermill/shared/adapters/bullmq/queues';
import { DeliveryStore, type DueDelivery, type TryResult } from '@rendermill/shared/adapters/redis/delivery-store';
import { EventStore } from '@rendermill/shared/adapters/redis/event-store';
import { ScriptRunner } from '@rendermill/shared/adapters/redis/scripts';
import { deliveryQueue, slowDeliveryQueue } from '@rendermill/shared/queues/entries';
import type { WorkerDeps } from '../src/deps.js';
import { feedDeliveries } from '../src/use-cases/feed-deliveries.js';
import { makeKey } from '../../../test/keys.js';
import { register } from '../../../test/webhook-calls.js';
import { createWorld, type World } from '../../../test/world.js';

/** Which places a delivery takes: a worker has some for receivers that answer at once, and others for those that do not. */

let world: World;
let deliveries: DeliveryStore;
let queues: Queues;
beforeAll(async () => {
  world = await createWorld({ worker: false });
  const name = world.prefix.slice(1, -2);
  const scripts = new ScriptRunner(world.redis, name);
  deliveries = new DeliveryStore(scripts, new EventStore(scripts), 30);
  queues = new Queues(world.redis, name, () => undefined);
});
afterAll(async () => {
  await queues.close();
  await world.close();
});

const event = async (): Promise<void> => {
  const { id } = await world.submit({});
  await world.call('POST', `/v1/jobs/${id}/cancel`);
};
const taken: TryResult = { status: 'delivered', nextMs: null, gone: false, patienceMs: 1e9, event: 'evt_x' };
const refused: TryResult = { ...taken, status: 'pending', nextMs: 600_000 };

/** Records what a try came to. */
async function record({ id }: DueDelivery, result: TryResult, duration_ms: number): Promise<void> {
  const found = await deliveries.delivery(id);
  if (!found) throw new Error(`there is no ${id}`);
  const { url } = found.delivery;
  const status = result === taken ? 200 : 500;
  await deliveries.record(found.delivery, { at: 0, url, status, duration_ms, error: null, answer: null }, result);
}

test('receivers that fail or take seconds get places of their own, until they answer at once again', async () => {
  const ends = ['job.cancelled'];
  const [failing, slow, quick] = [
    await register(world, '/failing', ends),
    await register(world, '/slow', ends),
    await register(world, '/quick', ends),
  ];
  const slowOnes = async (): Promise<Record<string, boolean>> => {
    await event();
    const { found } = await deliveries.takeDue(200);
    const of = (id: string) => found.find((due) => due.id.endsWith(id)) ?? { id: '', taken: 0, slow: false };
    const due = [of(failing.id), of(slow.id), of(quick.id)] as const;
    for (const [i, one] of due.entries())
      await record(one, i === 0 && !one.slow ? refused : taken, i === 1 && !one.slow ? 3_000 : 20);
    return { failing: due[0].slow, slow: due[1].slow, quick: due[2].slow };
  };
  expect(await slowOnes()).toEqual({ failing: false, slow: false, quick: false });
  expect(await slowOnes()).toEqual({ failing: true, slow: true, quick: false });
  expect(await slowOnes()).toEqual({ failing: false, slow: false, quick: false });
  // The last round made them so once more.
  await event();
  await feedDeliveries({ deliveries, queues } as WorkerDeps);
  expect([await queues.waiting(deliveryQueue), await queues.waiting(slowDeliveryQueue)]).toEqual([1, 2]);
  // What nobody records would be due again in a minute.
  for (const { id } of [failing, slow, quick]) await world.call('DELETE', `/v1/webhook_endpoints/${id}`);
});

test('a project with hundreds of fresh receivers takes a share of the places, each in turn; another is told at once', async () => {
  const one = await makeKey(world, { project: 'one' });
  const other = await makeKey(world, { project: 'other' });
  const ended = async (call: World['call'], webhook_url: string): Promise<void> => {
    const job = { type: 'generation', prompt: 'x', model: 'gpt-image-1', webhook_url };
    const { body } = await call<{ id: string }>('POST', '/v1/jobs', job);
    await call('POST', `/v1/jobs/${body.id}/cancel`);
  };
  const receivers = Array.from({ length: 400 }, (_, i) => `https://${i}.receiver.example/`);
  for (const lot of Array.from({ length: 20 }, (_, i) => receivers.slice(20 * i, 20 * i + 20)))
    await Promise.all(lot.map(async (url) => ended(one.call, url)));
  await ended(other.call, 'https://other.example/');

  const first = await deliveries.takeDue(200);
  const projects = async (found: readonly DueDelivery[]): Promise<(string | undefined)[]> =>
    (await deliveries.many(found.map(({ id }) => id))).map(({ project }) => project);
  const asked = await projects(first.found);
  expect([asked.filter((project) => project === 'one').length, asked.length]).toEqual([40, 41]);
  // Until a place is free nothing is asked again and again.
  const none = await deliveries.takeDue(200);
  expect(none.found).toEqual([]);
  expect(none.nextMs).toBeGreaterThan(1_000);

  const told = new Set<string>();
  let [found, rounds] = [first.found, 0];
  while (found.length > 0) {
    expect(found.length).toBeLessThanOrEqual(41);
    for (const due of found) {
      await record(due, taken, 20);
      told.add(due.id);
    }
    ({ found } = await deliveries.takeDue(200));
    rounds++;
  }
  expect([told.size, rounds]).toEqual([401, 10]);
  expect(await world.redis.keys(`${world.prefix}*-of:*:one`)).toEqual([]);
});
