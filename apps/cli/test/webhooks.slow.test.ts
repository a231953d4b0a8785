import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';
import { rendermillOf, type Rendermill } from './run.js';

let world: World;
let rendermill: Rendermill;
beforeAll(async () => {
  world = await createWorld();
  rendermill = await rendermillOf(world);
});
afterAll(async () => {
  await world.close();
  await rm(rendermill.folder, { recursive: true });
});

const secret = `whsec_${Buffer.from('a secret of this test').toString('base64')}`;

test('listen sends what happens to a receiver on this machine, signed as a delivery is', async () => {
  const before = await world.submit({ prompt: 'before' });
  await world.ended(before.id);
  world.receiver.answer = () => ({ status: 204 });
  const url = `${world.receiver.url}/local`;
  const listening = rendermill.start(['webhooks', 'listen', '--forward-to', url, '--secret', secret]);
  await until(() => listening.soFar.err.includes('Listening behind event'));
  const { id } = await world.submit({ prompt: 'while it listens' });
  const [got] = await world.receiver.waitFor(1, ({ path }) => path === '/local');
  expect(got?.event).toMatchObject({ type: 'job.completed', data: { id } });
  expect(new Webhook(secret).verify(got?.body ?? '', got?.headers as Record<string, string>)).toEqual(got?.event);
  await until(() => listening.soFar.out.includes('→ 204'));
  listening.child.kill('SIGINT');
  const { code, out, err } = await listening.ended;
  expect([code, out]).toEqual([130, `${got?.event.sequence}  job.completed  ${id}  → 204\n`]);
  expect(err).toContain(`rendermill webhooks listen --since ${got?.event.sequence}`);
});

test('listen --since goes back, --types picks, and a receiver that is away is told', async () => {
  const { id } = await world.submit({ prompt: 'cannot', n: 1, provider: 'sim' });
  await world.ended(id);
  const args = [
    'webhooks',
    'listen',
    '--since',
    '0',
    '--types',
    'job.completed',
    '--forward-to',
    'http://127.0.0.1:9/',
  ];
  const listening = rendermill.start(args);
  await until(() => listening.soFar.out.includes(id));
  listening.child.kill('SIGINT');
  const { out } = await listening.ended;
  expect(out.split('\n')[0]).toMatch(/^1 {2}job\.completed {2}job_\w+ {2}→ no answer \(.+\)$/);
});

test('log tells endpoints and their deliveries, resend delivers one again', async () => {
  const made = await world.call<{ id: string; signing_secret: string }>('POST', '/v1/webhook_endpoints', {
    name: 'shop',
    url: `${world.receiver.url}/shop`,
    event_types: ['job.completed'],
  });
  const endpoint = made.body.id;
  expect((await rendermill(['webhooks', 'log'])).out).toMatch(new RegExp(`^${endpoint} +well +http`, 'm'));
  const { id } = await world.submit({ prompt: 'told' });
  const atShop = ({ path }: { path: string }) => path === '/shop';
  const [first] = await world.receiver.waitFor(1, atShop);
  expect(first?.event.data['id']).toBe(id);
  let delivery = '';
  await until(async () => {
    const { out } = await rendermill(['webhooks', 'log', '--endpoint', endpoint]);
    delivery = /^(\S+) +delivered +1 +204/m.exec(out)?.[1] ?? '';
    return delivery !== '';
  });
  const { code, out } = await rendermill(['webhooks', 'resend', delivery, '--endpoint', endpoint]);
  expect([code, out]).toEqual([0, expect.stringContaining(delivery)]);
  const [, second] = await world.receiver.waitFor(2, atShop);
  expect(second?.event).toEqual(first?.event);
});
