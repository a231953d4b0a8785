import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Received } from '../receiver.js';
import { createWorld, type World } from '../world.js';
import { connect, versions } from './openai.js';
import { deliveryTo, headersOf } from './support.js';

/** `client.webhooks`: verifying what our receiver got, and keeping endpoints, by the SDK's own code. */
let world: World;
let projectSecret: string;
beforeAll(async () => {
  world = await createWorld();
  const { body } = await world.call<{ signing_secret: string }>('GET', '/v1/webhook_secret');
  projectSecret = body.signing_secret;
});
afterAll(async () => world.close());

const delivered = async (path: string): Promise<Received> => deliveryTo(world, path);

describe.each(versions.filter(({ unwraps }) => unwraps))('openai $major, client.webhooks.unwrap', (version) => {
  // What verifies speaks to nobody.
  const { webhooks } = connect(version, { url: 'http://127.0.0.1:9', key: 'none' }).client;
  let delivery: Received;
  beforeAll(async () => {
    await world.submit({ webhook_url: `${world.receiver.url}/unwrap-${version.major}` });
    delivery = await delivered(`/unwrap-${version.major}`);
  });

  test('gives the event of a delivery that is signed with the secret of the project', async () => {
    const event: unknown = await webhooks.unwrap(delivery.body, headersOf(delivery), projectSecret);
    expect(event).toEqual(delivery.event);
    expect(event).toMatchObject({ object: 'event', type: 'job.completed' });
  });

  test.each([
    ['a changed body', { body: (text: string) => text.replace('job.completed', 'job.cancelled') }],
    ['another secret', { secret: `whsec_${Buffer.alloc(32, 7).toString('base64')}` }],
    ['another id', { headers: { 'webhook-id': 'evt_other' } }],
    ['an old time', { headers: { 'webhook-timestamp': String(Math.floor(Date.now() / 1_000) - 301) } }],
  ])('refuses %s', async (_what, change: { body?: (text: string) => string; secret?: string; headers?: object }) => {
    const body = change.body?.(delivery.body) ?? delivery.body;
    const headers = { ...headersOf(delivery), ...change.headers };
    await expect(webhooks.unwrap(body, headers, change.secret ?? projectSecret)).rejects.toThrow(
      version.Sdk.InvalidWebhookSignatureError,
    );
  });
});

describe.each(versions.filter(({ major }) => major >= 7))('openai $major, client.webhooks', (version) => {
  const hooks = () => connect(version, world).client.webhooks;
  const register = async (path: string) =>
    hooks().create({ name: path, url: world.receiver.url + path, event_types: ['batch.completed', 'batch.failed'] });

  test('create, retrieve, update, list and delete endpoints; the secret is shown once', async () => {
    const made = await register('/kept');
    expect(made).toMatchObject({ object: 'webhook_endpoint', signing_secret: expect.stringMatching(/^whsec_/) });
    expect(made.signing_secret.endsWith(made.signing_secret_hint?.slice(-4) ?? 'no hint')).toBe(true);
    const { signing_secret: _once, ...rest } = made;
    expect(await hooks().retrieve(made.id)).toEqual(rest);
    expect(await hooks().update(made.id, { name: 'renamed', event_types: ['batch.failed'] })).toMatchObject({
      id: made.id,
      name: 'renamed',
      url: made.url,
      event_types: ['batch.failed'],
    });
    expect(await hooks().delete(made.id)).toEqual({ id: made.id, object: 'webhook_endpoint.deleted', deleted: true });
    await expect(hooks().retrieve(made.id)).rejects.toThrow(version.Sdk.NotFoundError);
  });

  test('list goes through every page', async () => {
    const made = [];
    for (const path of ['/a', '/b', '/c']) made.push((await register(path)).id);
    const seen = [];
    for await (const { id } of hooks().list({ limit: 2 })) seen.push(id);
    expect(seen).toEqual(made.reverse());
    await Promise.all(made.map(async (id) => hooks().delete(id)));
  });

  test('test sends a signed event that unwrap takes with the secret of the endpoint', async () => {
    const { id, signing_secret } = await register('/tested');
    expect(await hooks().test(id, { event_type: 'batch.completed' })).toEqual({
      object: 'webhook_endpoint.test',
      event_type: 'batch.completed',
      status_code: 200,
      success: true,
      webhook_endpoint_id: id,
    });
    const one = await delivered('/tested');
    expect(await hooks().unwrap(one.body, headersOf(one), signing_secret)).toMatchObject({ type: 'batch.completed' });
    await hooks().delete(id);
  });

  test('eventTypes.list names OpenAI events and ours', async () => {
    const { data } = await hooks().eventTypes.list();
    expect(data).toEqual(expect.arrayContaining(['batch.completed', 'job.completed']));
  });
});
