import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { signWebhook, verifyWebhook, WebhookVerificationError } from '@rendermill/client';
import { Webhook } from 'standardwebhooks';
import type { Received } from '../../../test/receiver.js';
import { createWorld, type World } from '../../../test/world.js';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const secret = `whsec_${base64('the secret of these tests')}`;
const other = `whsec_${base64('another secret')}`;
const body = '{"object":"event","id":"evt_1","type":"job.completed","data":{"id":"job_1","name":"Tasse für Zoë"}}';

/** What the reference implementation sends. */
function sent(over: Record<string, string> = {}, at = new Date()): Record<string, string> {
  return {
    'webhook-id': 'evt_1',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': new Webhook(secret).sign('evt_1', at, body),
    ...over,
  };
}

describe('against the standardwebhooks package', () => {
  test('what it signs is taken, whatever the headers are held in', async () => {
    const event = JSON.parse(body) as object;
    const upper = Object.fromEntries(Object.entries(sent()).map(([name, value]) => [name.toUpperCase(), value]));
    for (const headers of [sent(), new Headers(sent()), upper])
      await expect(verifyWebhook({ body, headers, secret })).resolves.toEqual(event);
    await expect(verifyWebhook({ body: Buffer.from(body), headers: sent(), secret })).resolves.toEqual(event);
    await expect(verifyWebhook({ body, headers: sent(), secret: secret.replace('whsec_', '') })).resolves.toEqual(
      event,
    );
  });

  test('what we sign it takes', async () => {
    const headers = await signWebhook(secret, 'evt_1', body);
    expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
  });

  test('one of several signatures, and one of several secrets, is enough', async () => {
    const two = sent({
      'webhook-signature': `v1a,AAAA v1,${base64('x'.repeat(32))} v1,% ${sent()['webhook-signature']}`,
    });
    await expect(verifyWebhook({ body, headers: two, secret: [other, secret] })).resolves.toMatchObject({
      id: 'evt_1',
    });
  });
});

test.each([
  ['another secret', { secret: other }, /no signature fits/],
  ['another body', { body: body.replace('job_1', 'job_2') }, /no signature fits/],
  ['another id', { headers: sent({ 'webhook-id': 'evt_2' }) }, /no signature fits/],
  ['no signature', { headers: sent({ 'webhook-signature': '' }) }, /is missing/],
  ['an asymmetric signature alone', { headers: sent({ 'webhook-signature': 'v1a,AAAA' }) }, /no signature fits/],
  ['a time that is none', { headers: sent({ 'webhook-timestamp': 'now' }) }, /not a time/],
  ['an old delivery', { headers: sent({}, new Date(Date.now() - 400_000)) }, /40\d seconds off/],
  ['one of the future', { headers: sent({}, new Date(Date.now() + 400_000)) }, /\d+ seconds off/],
  ['a secret that is none', { secret: 'whsec_%' }, /the secret is not/],
  ['an empty secret', { secret: '' }, /the secret is not/],
])('%s is refused', async (_what, over, says) => {
  const verified = verifyWebhook({ body, headers: sent(), secret, ...over });
  await expect(verified).rejects.toBeInstanceOf(WebhookVerificationError);
  await expect(verified).rejects.toThrow(says);
});

test('a tolerance of its own', async () => {
  const headers = sent({}, new Date(Date.now() - 400_000));
  await expect(verifyWebhook({ body, headers, secret, toleranceSeconds: 900 })).resolves.toMatchObject({ id: 'evt_1' });
});

describe('real deliveries', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(async () => world.close());

  const verified = async ({ body: its, headers }: Received, key: string | string[]) =>
    verifyWebhook({ body: its, headers, secret: key });

  test('of a webhook_url and of an endpoint, while its secret is changed too', async () => {
    const project = await world.call<{ signing_secret: string }>('GET', '/v1/webhook_secret');
    const made = await world.call<{ id: string; signing_secret: string }>('POST', '/v1/webhook_endpoints', {
      name: 'shop',
      url: `${world.receiver.url}/shop`,
      event_types: ['job.completed'],
    });
    const { id } = await world.submit({ webhook_url: `${world.receiver.url}/own` });
    const [own] = await world.receiver.waitFor(1, ({ path }) => path === '/own');
    const [shop] = await world.receiver.waitFor(1, ({ path }) => path === '/shop');
    if (!own || !shop) throw new Error('no delivery came');
    expect((await verified(own, project.body.signing_secret)).data['id']).toBe(id);
    expect((await verified(shop, made.body.signing_secret)).data['id']).toBe(id);
    await expect(verified(shop, project.body.signing_secret)).rejects.toThrow('no signature fits');

    const rotated = await world.call<{ signing_secret: string }>(
      'POST',
      `/v1/webhook_endpoints/${made.body.id}/rotate_secret`,
      { keep_old_secret_active_for_24_hours: true },
    );
    await world.submit({});
    const [, both] = await world.receiver.waitFor(2, ({ path }) => path === '/shop');
    if (!both) throw new Error('no delivery came');
    for (const key of [made.body.signing_secret, rotated.body.signing_secret])
      expect((await verified(both, key)).type).toBe('job.completed');
  });
});
