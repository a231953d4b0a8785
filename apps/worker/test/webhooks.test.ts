import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { watchConnections } from '../../../test/attack-urls.js';
import type { Received } from '../../../test/receiver.js';
import { makeKey } from '../../../test/keys.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

let world: World;
beforeAll(async () => {
  // The schedule in thousandths: what takes days takes as many tenths of a second.
  world = await createWorld({ config: { webhook_schedule_seconds: [0, 0.05, 0.1, 0.2] } });
});
afterAll(async () => world.close());

interface Endpoint {
  id: string;
  signing_secret: string;
}

const register = async (path: string, event_types: string[]) =>
  (
    await world.call<Endpoint>('POST', '/v1/webhook_endpoints', {
      name: path,
      url: world.receiver.url + path,
      event_types,
    })
  ).body;

/** What the standard says, by Node's own HMAC and nothing of ours. */
function isSigned({ headers, body }: Received, secret: string): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signature = createHmac('sha256', key)
    .update([headers['webhook-id'], headers['webhook-timestamp'], body].join('.'))
    .digest('base64');
  return headers['webhook-signature'] === `v1,${signature}`;
}

describe('a job that ends', () => {
  test('is told to each endpoint that wants it, signed with its own secret, and to no other', async () => {
    const [both, failures] = await Promise.all([
      register('/both', ['job.completed', 'job.failed']),
      register('/failures', ['job.failed']),
    ]);
    const job = await world.ended((await world.submit({ custom_id: 'SKU-9' })).id);
    const [event] = await world.receiver.waitFor(1, ({ event: { data } }) => data['id'] === job.id);
    expect(event?.path).toBe('/both');
    expect(event?.headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': event?.event.id,
      'user-agent': 'Rendermill-Webhooks/1',
    });
    expect(event && isSigned(event, both.signing_secret)).toBe(true);
    expect(event?.event).toMatchObject({
      object: 'event',
      type: 'job.completed',
      data: {
        id: job.id,
        status: 'completed',
        custom_id: 'SKU-9',
        images: [{ index: 0, sha256: job.images[0]?.sha256 }],
        error: null,
      },
    });
    expect(event?.body).not.toContain('signature=');
    await world.call('DELETE', `/v1/webhook_endpoints/${both.id}`);
    await world.call('DELETE', `/v1/webhook_endpoints/${failures.id}`);
  });

  test('is told to its own webhook_url, signed with the secret of the project', async () => {
    const secret = (await world.call<{ signing_secret: string }>('GET', '/v1/webhook_secret')).body.signing_secret;
    const job = await world.submit({ webhook_url: `${world.receiver.url}/mine` });
    const [event] = await world.receiver.waitFor(1, ({ path }) => path === '/mine');
    expect(event?.event.data['id']).toBe(job.id);
    expect(event && isSigned(event, secret)).toBe(true);
  });

  test('as failed is told as job.failed, with the reason', async () => {
    await world.simulator.faults([
      { when: { promptIncludes: 'to be refused' }, fault: { kind: 'moderation_blocked' } },
    ]);
    await world.submit({ prompt: 'to be refused', webhook_url: `${world.receiver.url}/refused` });
    const [event] = await world.receiver.waitFor(1, ({ path }) => path === '/refused');
    expect(event?.event).toMatchObject({
      type: 'job.failed',
      data: { status: 'failed', error: { code: 'moderation_blocked' } },
    });
    expect(event?.body).not.toContain('to be refused');
  });

  test('gives each event a sequence number of its own', async () => {
    const numbers = new Map(world.receiver.received.map(({ event }) => [event.id, event.sequence]));
    expect(new Set(numbers.values()).size).toBe(numbers.size);
    expect(Math.min(...numbers.values())).toBeGreaterThan(0);
  });
});

describe('a delivery', () => {
  test('is kept for its schedule where jobs are kept for a day', async () => {
    const days = async (at: World, what: string): Promise<number[]> => {
      const keys = await at.redis.keys(`${at.prefix}${what}:*`);
      return Promise.all(keys.map(async (key) => (await at.redis.pttl(key)) / 86_400_000));
    };
    const short = await createWorld({
      env: { RETENTION_DAYS: '1' },
      config: { webhook_schedule_seconds: [0, 30 * 86_400] },
    });
    short.receiver.answer = () => ({ status: 500 });
    await short.submit({ webhook_url: `${short.receiver.url}/month` });
    await until(() => short.logs.some((line) => line.event === 'delivery.attempted'));
    for (const what of ['delivery', 'event'])
      for (const left of await days(short, what)) expect(left).toBeGreaterThan(24);
    await short.close();
    const idle = await createWorld({ worker: false, env: { RETENTION_DAYS: '1' } });
    const { id } = await idle.submit({ webhook_url: `${idle.receiver.url}/never` });
    await idle.call('POST', `/v1/jobs/${id}/cancel`);
    for (const what of ['delivery', 'event']) expect(Math.min(...(await days(idle, what)))).toBeGreaterThan(151.2 / 24);
    await idle.close();
  });
});

describe('a receiver', () => {
  test('G3 that answers 500 twice gets the same id and bytes again, each time freshly signed, until it takes them', async () => {
    let left = 2;
    world.receiver.answer = ({ path }) => ({ status: path === '/twice' && left-- > 0 ? 500 : 200 });
    await world.submit({ webhook_url: `${world.receiver.url}/twice` });
    const tries = await world.receiver.waitFor(3, ({ path }) => path === '/twice');
    expect(new Set(tries.map(({ body, headers }) => `${String(headers['webhook-id'])} ${body}`)).size).toBe(1);
    await until(() =>
      world.logs.some(
        (line) => line.event === 'delivery.attempted' && line['attempt'] === 3 && line['result'] === 'delivered',
      ),
    );
  });

  test.each([
    [301, '/elsewhere'],
    [302, '/moved-302'],
    [307, 'http://127.0.0.1/'],
    [308, 'https://hooks.example.com/'],
  ])('G4 that redirects by %i to %s is not followed, and is tried again', async (status, location) => {
    const moved = `/moved-${status}`;
    world.receiver.answer = ({ path }) => (path === moved ? { status, headers: { location } } : { status: 200 });
    const connections = watchConnections();
    await world.submit({ webhook_url: world.receiver.url + moved });
    const failed = (): boolean =>
      world.logs.some((line) => line['result'] === 'failed' && line['status'] === status && line['attempt'] === 4);
    await until(failed);
    connections.stop();
    expect(world.receiver.received.filter(({ path }) => path === moved)).toHaveLength(4);
    expect(world.receiver.received.filter(({ path }) => path === '/elsewhere')).toEqual([]);
    expect(connections.to([80, 443])).toEqual([]);
  });

  test('that never takes it is left when the schedule is at its end', async () => {
    world.receiver.answer = ({ path }) => ({ status: path === '/never' ? 500 : 200 });
    const ends = (): number => world.logs.filter((line) => line['result'] === 'failed').length;
    const before = ends();
    await world.submit({ webhook_url: `${world.receiver.url}/never` });
    await until(() => ends() > before);
    expect(world.receiver.received.filter(({ path }) => path === '/never')).toHaveLength(4);
  });

  test('that was away while nobody worked gets its event when work goes on: none is lost', async () => {
    const idle = await createWorld({ worker: false });
    const { id } = await idle.submit({ webhook_url: `${idle.receiver.url}/later` });
    await idle.call('POST', `/v1/jobs/${id}/cancel`);
    await idle.startWorker();
    const [event] = await idle.receiver.waitFor(1, ({ path }) => path === '/later');
    expect(event?.event).toMatchObject({ type: 'job.cancelled', data: { id, status: 'cancelled' } });
    await idle.close();
  });
});

describe('/v1/webhook_endpoints', () => {
  test('that moves gets at its new URL what is still on its way', async () => {
    const idle = await createWorld({ worker: false });
    const { url } = idle.receiver;
    const wanted = { name: 'moves', url: `${url}/old`, event_types: ['job.cancelled'] };
    const made = (await idle.call<Endpoint>('POST', '/v1/webhook_endpoints', wanted)).body;
    const { id } = await idle.submit({});
    await idle.call('POST', `/v1/jobs/${id}/cancel`);
    await idle.call('POST', `/v1/webhook_endpoints/${made.id}`, { url: `${url}/new` });
    await idle.startWorker();
    const [event] = await idle.receiver.waitFor(1);
    expect([event?.path, event?.event.data['id']]).toEqual(['/new', id]);
    expect(event && isSigned(event, made.signing_secret)).toBe(true);
    await idle.close();
  });

  test('is not brought back by a change that was under way when it was deleted', async () => {
    const made = await register('/deleted', ['job.completed']);
    const path = `/v1/webhook_endpoints/${made.id}`;
    const changing = request(world.url + path, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${world.key}`,
        'content-type': 'application/json',
        expect: '100-continue',
      },
    });
    const answered = once(changing, 'response') as Promise<[IncomingMessage]>;
    changing.flushHeaders();
    // The handler has begun, and its look at the endpoint lies before the delete in the API's one connection to Redis.
    await once(changing, 'continue');
    expect((await world.call('DELETE', path)).status).toBe(200);
    changing.end('{"name":"back again"}');
    const [answer] = await answered;
    answer.resume();
    expect(answer.statusCode).toBe(404);
    expect((await world.call('GET', path)).status).toBe(404);
  });

  test('creates with a secret that is shown once, lists, updates, deletes', async () => {
    const made = await register('/crud', ['job.completed']);
    expect(made).toMatchObject({
      object: 'webhook_endpoint',
      name: '/crud',
      signing_secret: expect.stringMatching(/^whsec_/),
    });
    const got = (await world.call<Record<string, unknown>>('GET', `/v1/webhook_endpoints/${made.id}`)).body;
    expect(got).toMatchObject({ id: made.id, event_types: ['job.completed'] });
    expect(got['signing_secret']).toBeUndefined();
    const updated = await world.call('POST', `/v1/webhook_endpoints/${made.id}`, {
      name: 'renamed',
      event_types: ['job.failed'],
    });
    expect(updated.body).toMatchObject({ name: 'renamed', event_types: ['job.failed'] });
    const list = (await world.call<{ data: { id: string }[] }>('GET', '/v1/webhook_endpoints')).body;
    expect(list.data.map(({ id }) => id)).toContain(made.id);
    expect((await world.call('DELETE', `/v1/webhook_endpoints/${made.id}`)).body).toEqual({
      id: made.id,
      object: 'webhook_endpoint.deleted',
      deleted: true,
    });
    expect((await world.call('GET', `/v1/webhook_endpoints/${made.id}`)).status).toBe(404);
  });

  test('with an Idempotency-Key makes one endpoint, and shows its secret again', async () => {
    const body = { name: 'once', url: `${world.receiver.url}/once`, event_types: ['job.completed'] };
    const key = { 'idempotency-key': 'endpoint-1' };
    const [one, two] = [
      await world.call<Endpoint>('POST', '/v1/webhook_endpoints', body, key),
      await world.call<Endpoint>('POST', '/v1/webhook_endpoints', body, key),
    ];
    expect(two.body).toEqual(one.body);
    expect((await world.call('POST', '/v1/webhook_endpoints', { ...body, name: 'other' }, key)).status).toBe(422);
    await world.call('DELETE', `/v1/webhook_endpoints/${one.body.id}`);
  });

  test('are a hundred in a project at most, and there is room again when one is deleted', async () => {
    const { call } = await makeKey(world, { project: 'crowded' });
    const body = { name: 'one of many', url: `${world.receiver.url}/many`, event_types: ['job.failed'] };
    const make = async () => call<{ id: string; error: { code: string } }>('POST', '/v1/webhook_endpoints', body);
    const made = await Promise.all(Array.from({ length: 100 }, make));
    expect(made.every(({ status }) => status === 200)).toBe(true);
    const refused = await make();
    expect([refused.status, refused.body.error.code]).toEqual([409, 'too_many_endpoints']);
    await call('DELETE', `/v1/webhook_endpoints/${made[0]?.body.id}`);
    expect((await make()).status).toBe(200);
  });

  test('keeps secrets sealed in Redis', async () => {
    const made = await register('/sealed', ['job.completed']);
    const row = JSON.stringify(await world.redis.hgetall(`${world.prefix}endpoint:${made.id}`));
    expect(row).not.toContain(made.signing_secret.slice('whsec_'.length, -6));
    await world.call('DELETE', `/v1/webhook_endpoints/${made.id}`);
  });

  test('tests an endpoint with a signed event, and tells when it does not take it', async () => {
    const made = await register('/test', ['job.completed']);
    world.receiver.answer = () => ({ status: 204 });
    expect(
      (await world.call('POST', `/v1/webhook_endpoints/${made.id}/test`, { event_type: 'job.failed' })).body,
    ).toEqual({
      object: 'webhook_endpoint.test',
      event_type: 'job.failed',
      status_code: 204,
      success: true,
      webhook_endpoint_id: made.id,
    });
    const sent = world.receiver.received.find(({ path }) => path === '/test');
    expect(sent && isSigned(sent, made.signing_secret)).toBe(true);
    world.receiver.answer = () => ({ status: 500 });
    const refused = await world.call<{ error: { code: string } }>('POST', `/v1/webhook_endpoints/${made.id}/test`, {
      event_type: 'job.failed',
    });
    expect([refused.status, refused.body.error.code]).toEqual([400, 'endpoint_test_failed']);
    await world.call('DELETE', `/v1/webhook_endpoints/${made.id}`);
  });

  test('says in words that there is no such address', async () => {
    const endpoint = { name: 'nowhere', url: 'https://hooks.nowhere.invalid/', event_types: ['job.completed'] };
    const { body: made } = await world.call<{ id: string }>('POST', '/v1/webhook_endpoints', endpoint);
    const path = `/v1/webhook_endpoints/${made.id}`;
    const { body } = await world.call<{ error: { message: string } }>('POST', `${path}/test`, {
      event_type: 'job.completed',
    });
    await world.call('DELETE', path);
    // Where no name server answers at all, it is that which is said.
    expect(body.error.message).toMatch(/: (no such address \(ENOTFOUND\)|the name .* looked up \(EAI_AGAIN\))\.$/);
  });

  test.each([
    'http://hooks.example.com/x',
    'https://hooks.example.com:6379/',
    'https://user:pw@hooks.example.com/',
    'https://hooks.example.com/#part',
    'https://10.0.0.1/',
    'https://[::ffff:10.0.0.1]/',
    'https://metadata.google.internal/',
    'ftp://hooks.example.com/',
    'not a url',
  ])('refuses %s', async (url) => {
    const { status, body } = await world.call<{ error: { code: string; param: string } }>(
      'POST',
      '/v1/webhook_endpoints',
      { name: 'x', url, event_types: ['job.failed'] },
    );
    expect([status, body.error.code, body.error.param]).toEqual([400, 'invalid_parameter', 'url']);
  });

  test('lists the event types', async () => {
    const { body } = await world.call<{ data: string[] }>('GET', '/v1/webhook_event_types');
    expect(body.data).toEqual(
      expect.arrayContaining(['job.completed', 'batch.completed', 'webhook_endpoint.disabled']),
    );
  });
});
