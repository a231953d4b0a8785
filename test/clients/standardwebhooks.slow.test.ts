import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import { createWorld, type World } from '../world.js';
import { deliveryTo, headersOf } from './support.js';

/** Deliveries, verified by the library of the people who wrote the standard. */
let world: World;
beforeAll(async () => {
  world = await createWorld();
  world.receiver.answer = () => ({ status: 204 });
});
afterAll(async () => world.close());

type Secret = { signing_secret: string };

/** A delivery and the secret that it should be signed with. */
const ways = {
  'the secret of its endpoint': async () => {
    const endpoint = { name: 'all', url: `${world.receiver.url}/endpoint`, event_types: ['job.completed'] };
    const { body } = await world.call<Secret>('POST', '/v1/webhook_endpoints', endpoint);
    await world.submit({ prompt: 'told to an endpoint' });
    return { secret: body.signing_secret, delivery: await deliveryTo(world, '/endpoint') };
  },
  'the secret of the project, to a webhook_url': async () => {
    const { body } = await world.call<Secret>('GET', '/v1/webhook_secret');
    await world.submit({ prompt: 'told to a URL: ünïcode, 商品', webhook_url: `${world.receiver.url}/url` });
    return { secret: body.signing_secret, delivery: await deliveryTo(world, '/url') };
  },
} as const;

describe.each(Object.keys(ways) as (keyof typeof ways)[])('a delivery signed with %s', (way) => {
  let webhook: Webhook;
  let body: string;
  let headers: Record<string, string>;
  beforeAll(async () => {
    const { secret, delivery } = await ways[way]();
    webhook = new Webhook(secret);
    [body, headers] = [delivery.body, headersOf(delivery)];
  });

  test('is verified, as text and as bytes', () => {
    expect(webhook.verify(body, headers)).toMatchObject({ object: 'event', type: 'job.completed' });
    expect(webhook.verify(Buffer.from(body), headers)).toEqual(JSON.parse(body));
  });

  test('is refused with another secret', () => {
    const other = new Webhook(`whsec_${Buffer.alloc(32, 7).toString('base64')}`);
    expect(() => other.verify(body, headers)).toThrow(WebhookVerificationError);
  });

  test('is refused with one byte changed', () => {
    expect(() => webhook.verify(body.replace('"completed"', '"cancelled"'), headers)).toThrow(WebhookVerificationError);
    expect(() => webhook.verify(`${body} `, headers)).toThrow(WebhookVerificationError);
  });

  test('is refused under another id or time', () => {
    const later = { ...headers, 'webhook-timestamp': String(Number(headers['webhook-timestamp']) + 1) };
    expect(() => webhook.verify(body, later)).toThrow(WebhookVerificationError);
    expect(() => webhook.verify(body, { ...headers, 'webhook-id': 'evt_other' })).toThrow(WebhookVerificationError);
  });
});
