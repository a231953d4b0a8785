import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import sharp from 'sharp';
import { startRelay, type Relay } from '../../../test/relay.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

/** Relays that answer a call with a task id: paid with the call, asked for to the end, never bought twice. */
const picture = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#502880' } })
  .png()
  .toBuffer();
const sha256 = createHash('sha256').update(picture).digest('hex');
const b64_json = picture.toString('base64');

let relay: Relay;
let world: World;
beforeAll(async () => {
  relay = await startRelay(picture, () => ({
    json: { created: 1, data: [{ task_id: `t-${relay.calls.length}`, status: 'submitted' }] },
  }));
  world = await createWorld({ account: { preset: 'openai-compatible', base_url: relay.url } });
});
afterAll(async () => {
  await world.close();
  await relay.close();
});
beforeEach(() => {
  relay.calls.splice(0);
  relay.asked.splice(0);
});

const made = async (body: Record<string, unknown> = {}): Promise<PresentedJob> =>
  world.ended((await world.submit(body)).id);

test.each<[string, (link: string) => unknown]>([
  ['bytes, in the shape of the images API', () => ({ created: 1, data: [{ b64_json }] })],
  ['a link, nested in data', (url) => ({ code: 200, data: { status: 'completed', results: [{ url }] } })],
  ['a link, nested in a result', (url) => ({ status: 'succeeded', result: { images: [{ url }] } })],
])('a task that ends in %s is one picture, bought once', async (_what, done) => {
  relay.task = (id) => ({ json: relay.asked.length < 2 ? { task_id: id, status: 'in_progress' } : done(relay.link) });
  expect(await made()).toMatchObject({ status: 'completed', paid_attempts: 1, images: [{ sha256 }] });
  expect(relay.calls).toHaveLength(1);
  expect(relay.asked).toEqual(['t-1', 't-1']);
});

test('one task may make several pictures', async () => {
  relay.task = () => ({ json: { status: 'completed', data: [{ b64_json }, { url: relay.link }] } });
  const job = await made({ n: 2 });
  expect(job).toMatchObject({ status: 'completed', paid_attempts: 1 });
  expect(job.images.map((image) => image.sha256)).toEqual([sha256, sha256]);
  expect(relay.calls).toHaveLength(1);
});

test('a provider that cannot say how far a task is, is asked again', async () => {
  relay.task = () =>
    relay.asked.length < 2 ? { status: 502, json: { error: 'bad gateway' } } : { json: { data: [{ b64_json }] } };
  expect(await made()).toMatchObject({ status: 'completed', paid_attempts: 1 });
  expect(relay.calls).toHaveLength(1);
});

test('a task that fails is bought once more, under the cap, and its reason is told', async () => {
  relay.task = () => ({ json: { status: 'failed', error: { message: 'the upstream is out of paint' } } });
  const job = await made();
  expect(job).toMatchObject({ status: 'failed', paid_attempts: 2, error: { code: 'bad_provider_response' } });
  expect(job.error?.message).toContain('out of paint');
  expect(relay.calls).toHaveLength(2);
});

test('a task outlives the worker that began it', async () => {
  relay.task = (id) => ({ json: { task_id: id, status: 'in_progress' } });
  const { id } = await world.submit({});
  await until(() => relay.asked.length > 0);
  await world.worker?.drain(1);
  relay.task = () => ({ json: { data: [{ url: relay.link }] } });
  await world.startWorker();
  expect(await world.ended(id)).toMatchObject({ status: 'completed', paid_attempts: 1, images: [{ sha256 }] });
  expect(relay.calls).toHaveLength(1);
});
