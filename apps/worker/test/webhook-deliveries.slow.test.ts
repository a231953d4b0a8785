import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '../../../test/until.js';
import {
  completed,
  deliveries,
  register,
  settled,
  signers,
  type Endpoint,
  type LoggedDelivery,
} from '../../../test/webhook-calls.js';
import { createWorld, type World } from '../../../test/world.js';

let world: World;
beforeAll(async () => {
  world = await createWorld({
    // The last wait crosses a second, so that a signature of its own time is another.
    config: { webhook_schedule_seconds: [0, 0.02, 0.02, 0.02, 0.02, 0.02, 0.02, 0.02, 1.5] },
  });
});
afterAll(async () => world.close());

const one = (endpoint: Endpoint, rest = ''): string => `/v1/webhook_endpoints/${endpoint.id}${rest}`;
const read = async (endpoint: Endpoint): Promise<Endpoint> => (await world.call<Endpoint>('GET', one(endpoint))).body;
const remove = async (endpoint: Endpoint): Promise<void> => void (await world.call('DELETE', one(endpoint)));
const at = (path: string) => world.receiver.received.filter((got) => got.path === path);
const answer = (path: string, status: number | (() => number), headers = {}, body = ''): void => {
  const others = world.receiver.answer;
  world.receiver.answer = (received) =>
    received.path === path
      ? { status: typeof status === 'number' ? status : status(), headers, body }
      : others(received);
};

describe('the log of an endpoint', () => {
  test('has each delivery with every attempt and the beginning of each answer', async () => {
    let left = 2;
    answer('/log', () => (left-- > 0 ? 500 : 200), {}, `${'no '.repeat(2_000)}\ud83d`);
    const endpoint = await register(world, '/log', ['job.completed']);
    const job = await completed(world);
    const [delivery] = await settled(world, endpoint.id, 'delivered');
    expect(delivery).toMatchObject({ webhook_endpoint_id: endpoint.id, next_attempt_at: null });
    expect(delivery?.attempts.map(({ http_status, error }) => [http_status, error])).toEqual([
      [500, 'the receiver answered 500'],
      [500, 'the receiver answered 500'],
      [200, null],
    ]);
    expect(delivery?.attempts[0]?.response_body).toHaveLength(1_024);
    const whole = await world.call<LoggedDelivery>('GET', one(endpoint, `/deliveries/${delivery?.id}`));
    const sent = at('/log')[0];
    expect(JSON.stringify(whole.body.event)).toBe(sent?.body);
    expect(sent?.event.data['id']).toBe(job);
    await remove(endpoint);
  });

  test('is read page by page, by status, and by nobody through another endpoint', async () => {
    const endpoint = await register(world, '/pages', ['job.completed']);
    const other = await register(world, '/other', ['job.failed']);
    for (let i = 0; i < 3; i++) await completed(world);
    const all = (await settled(world, endpoint.id, 'delivered', 3)).map(({ id }) => id);
    const first = await deliveries(world, endpoint.id, '?limit=2');
    const rest = await deliveries(world, endpoint.id, `?limit=2&after=${first[1]?.id}`);
    expect([...first, ...rest].map(({ id }) => id)).toEqual(all);
    expect(await deliveries(world, endpoint.id, '?status=failed')).toEqual([]);
    expect((await world.call('GET', one(other, `/deliveries/${all[0]}`))).status).toBe(404);
    expect((await world.call('GET', one(endpoint, '/deliveries/evt_none-whe_none'))).status).toBe(404);
    expect((await world.call('GET', one(endpoint, '/deliveries?after=evt_none'))).status).toBe(400);
    await remove(endpoint);
    await remove(other);
  });

  test('of `url` has what went to the webhook_url of jobs, and sends it again', async () => {
    await completed(world, { webhook_url: `${world.receiver.url}/own` });
    const [delivery] = await settled(world, 'url', 'delivered');
    expect(delivery).toMatchObject({ webhook_endpoint_id: null, url: `${world.receiver.url}/own` });
    const again = await world.call('POST', `/v1/webhook_endpoints/url/deliveries/${delivery?.id}/resend`);
    expect(again.status).toBe(202);
    await world.receiver.waitFor(2, ({ path }) => path === '/own');
  });
});

describe('a receiver', () => {
  test('G1 that is down for eight attempts gets its event at the ninth: same id and bytes, signed afresh', async () => {
    let left = 8;
    answer('/down', () => (left-- > 0 ? 503 : 200));
    const before = Math.floor(Date.now() / 1_000);
    const endpoint = await register(world, '/down', ['job.completed']);
    await completed(world);
    const [delivery] = await settled(world, endpoint.id, 'delivered');
    expect(delivery?.attempts).toHaveLength(9);
    expect(new Set(at('/down').map(({ body, headers }) => [headers['webhook-id'], body].join(' '))).size).toBe(1);
    expect(at('/down').every((got) => signers(got, [endpoint.signing_secret]).length === 1)).toBe(true);
    const times = at('/down').map(({ headers }) => Number(headers['webhook-timestamp']));
    expect(times.every((time, i) => time >= (times[i - 1] ?? before) && time <= Date.now() / 1_000)).toBe(true);
    expect(times[8]).toBeGreaterThan(times[0] ?? Infinity);
    expect((await read(endpoint)).failing_since).toBeNull();
    await remove(endpoint);
  });

  test('G5 that answers 410 is disabled at once, and another endpoint is told', async () => {
    answer('/gone', 410);
    const watcher = await register(world, '/watcher', ['webhook_endpoint.disabled']);
    const endpoint = await register(world, '/gone', ['job.completed', 'webhook_endpoint.disabled']);
    await completed(world);
    const [told] = await world.receiver.waitFor(1, ({ path }) => path === '/watcher');
    expect(told?.event).toMatchObject({
      type: 'webhook_endpoint.disabled',
      data: { id: endpoint.id, object: 'webhook_endpoint', reason: 'gone' },
    });
    expect(await read(endpoint)).toMatchObject({ enabled: false, disabled_reason: 'gone' });
    await completed(world);
    expect(await deliveries(world, endpoint.id)).toMatchObject([{ status: 'failed', next_attempt_at: null }]);
    const refused = await world.call<{ error: { code: string } }>('POST', one(endpoint, '/deliveries/recover'), {
      since: 0,
    });
    expect([refused.status, refused.body.error.code]).toEqual([409, 'endpoint_disabled']);
    await Promise.all([remove(endpoint), remove(watcher)]);
  });

  test.each([
    [90, 90_000],
    [1, 60_000],
    [86_400, 120_000],
  ])('G6 that asks by 429 and Retry-After %i to wait is let wait %i ms', async (seconds, ms) => {
    const path = `/busy-${seconds}`;
    answer(path, 429, { 'retry-after': String(seconds) });
    const endpoint = await register(world, path, ['job.completed']);
    await completed(world);
    await until(async () => (await deliveries(world, endpoint.id))[0]?.attempts.length === 1);
    const [delivery] = await deliveries(world, endpoint.id);
    const wait = world.logs.findLast((line) => line['endpoint'] === endpoint.id)?.['next_ms'];
    expect([delivery?.status, wait]).toEqual(['pending', ms]);
    await remove(endpoint);
  });

  test('that says 200 and breaks off its answer has taken the event', async () => {
    answer('/cut', 200, { 'content-length': '100', connection: 'close' }, 'taken');
    const endpoint = await register(world, '/cut', ['job.completed']);
    await completed(world);
    const [delivery] = await settled(world, endpoint.id, 'delivered');
    expect(delivery?.attempts).toMatchObject([{ http_status: 200, error: null, response_body: 'taken' }]);
    await remove(endpoint);
  });

  test('that has moved is not disabled for what its old URL answers, and its event goes to the new one', async () => {
    const endpoint = await register(world, '/old-home', ['job.completed']);
    let release: () => void = () => undefined;
    const hold = new Promise<void>((resolve) => (release = resolve));
    const others = world.receiver.answer;
    world.receiver.answer = (got) => (got.path === '/old-home' ? { status: 410, hold } : others(got));
    await completed(world);
    await world.receiver.waitFor(1, ({ path }) => path === '/old-home');
    await world.call('POST', one(endpoint), { url: `${world.receiver.url}/new-home` });
    release();
    const [delivery] = await settled(world, endpoint.id, 'delivered');
    expect(delivery?.attempts.map(({ http_status }) => http_status)).toEqual([410, 200]);
    expect(await read(endpoint)).toMatchObject({ enabled: true, failing_since: null });
    await remove(endpoint);
  });

  test('that is slow holds up no other, and has five calls open at most', async () => {
    let release: () => void = () => undefined;
    const hold = new Promise<void>((resolve) => (release = resolve));
    const others = world.receiver.answer;
    world.receiver.answer = (got) => (got.path === '/slow' ? { status: 200, hold } : others(got));
    const slow = await register(world, '/slow', ['job.completed']);
    const quick = await register(world, '/quick', ['job.completed']);
    await Promise.all(Array.from({ length: 30 }, async () => completed(world)));
    await world.receiver.waitFor(30, ({ path }) => path === '/quick');
    await world.receiver.waitFor(5, ({ path }) => path === '/slow');
    await settled(world, quick.id, 'delivered', 30);
    expect(at('/slow')).toHaveLength(5);
    release();
    await settled(world, slow.id, 'delivered', 30);
    expect(at('/slow')).toHaveLength(30);
    await Promise.all([remove(slow), remove(quick)]);
  });

  test('with max_per_minute gets no more than that', async () => {
    const endpoint = await register(world, '/paced', ['job.completed'], { max_per_minute: 1 });
    for (let i = 0; i < 3; i++) await completed(world);
    await settled(world, endpoint.id, 'delivered');
    const next = async (): Promise<number> => Number(await world.redis.zscore(`${world.prefix}outbox`, endpoint.id));
    await until(async () => (await next()) > Date.now() + 20_000);
    expect((await deliveries(world, endpoint.id)).map(({ status }) => status)).toEqual([
      'pending',
      'pending',
      'delivered',
    ]);
    await world.call('POST', one(endpoint), { max_per_minute: null });
    await settled(world, endpoint.id, 'delivered', 3);
    await remove(endpoint);
  });
});

describe('a delivery', () => {
  test('that failed for good is sent again by resend, with its id, from the beginning of the schedule', async () => {
    answer('/resend', 500);
    const endpoint = await register(world, '/resend', ['job.completed']);
    await completed(world);
    const [failed] = await settled(world, endpoint.id, 'failed');
    expect(failed?.attempts).toHaveLength(9);
    let left = 1;
    answer('/resend', () => (left-- > 0 ? 500 : 200));
    const resent = await world.call<LoggedDelivery>('POST', one(endpoint, `/deliveries/${failed?.id}/resend`));
    expect(resent).toMatchObject({ status: 202, body: { id: failed?.id, status: 'pending' } });
    const [delivery] = await settled(world, endpoint.id, 'delivered');
    expect([delivery?.id, delivery?.attempts.length]).toEqual([failed?.id, 11]);
    expect(new Set(at('/resend').map(({ body }) => body)).size).toBe(1);
    await remove(endpoint);
  });

  test('to webhook_urls that failed comes by recover of `url`; what was delivered does not', async () => {
    answer('/recover-own', 500);
    const since = Math.floor(Date.now() / 1_000);
    const recover = async () =>
      (await world.call<{ deliveries: number }>('POST', '/v1/webhook_endpoints/url/deliveries/recover', { since }))
        .body;
    await completed(world, { webhook_url: `${world.receiver.url}/taken-own` });
    await completed(world, { webhook_url: `${world.receiver.url}/recover-own` });
    await settled(world, 'url', 'failed');
    answer('/recover-own', 200);
    expect(await recover()).toMatchObject({ object: 'webhook_recovery', webhook_endpoint_id: null, deliveries: 1 });
    await until(async () => (await deliveries(world, 'url', '?status=failed')).length === 0);
    await until(async () => (await deliveries(world, 'url', '?status=pending')).length === 0);
    expect([at('/taken-own').length, at('/recover-own').at(-1)?.event.id]).toEqual([
      1,
      at('/recover-own')[0]?.event.id,
    ]);
    expect(await recover()).toMatchObject({ deliveries: 0 });
  });

  test('that is sent again while a try is under way is decided by the later one, whatever the first comes to', async () => {
    let release: () => void = () => undefined;
    const hold = new Promise<void>((resolve) => (release = resolve));
    const others = world.receiver.answer;
    let first = true;
    world.receiver.answer = (got) => {
      if (got.path !== '/raced') return others(got);
      if (!first) return { status: 200 };
      first = false;
      return { status: 500, hold };
    };
    const endpoint = await register(world, '/raced', ['job.completed']);
    await completed(world);
    await world.receiver.waitFor(1, ({ path }) => path === '/raced');
    const [pending] = await deliveries(world, endpoint.id);
    await world.call('POST', one(endpoint, `/deliveries/${pending?.id}/resend`));
    await settled(world, endpoint.id, 'delivered');
    release();
    await until(async () => (await deliveries(world, endpoint.id))[0]?.attempts.length === 2);
    const [delivery] = await deliveries(world, endpoint.id);
    expect([delivery?.status, delivery?.next_attempt_at]).toEqual(['delivered', null]);
    expect(delivery?.attempts.map(({ http_status }) => http_status)).toEqual([200, 500]);
    expect(at('/raced')).toHaveLength(2);
    await remove(endpoint);
  });

  test('that failed, and events while its endpoint was disabled, come by recover; what was delivered does not', async () => {
    answer('/recover', 200);
    const endpoint = await register(world, '/recover', ['job.completed']);
    const taken = await completed(world);
    await settled(world, endpoint.id, 'delivered');
    answer('/recover', 500);
    const missed = await completed(world);
    await settled(world, endpoint.id, 'failed');
    expect((await world.call('POST', one(endpoint), { enabled: false })).body).toMatchObject({
      enabled: false,
      disabled_reason: 'asked',
    });
    const unheard = await completed(world);
    answer('/recover', 200);
    expect((await world.call('POST', one(endpoint), { enabled: true })).body).toMatchObject({
      enabled: true,
      disabled_reason: null,
      failing_since: null,
    });
    const before = at('/recover').length;
    const since = Math.floor(Date.now() / 1_000) - 3_600;
    const { status, body } = await world.call<{ deliveries: number }>('POST', one(endpoint, '/deliveries/recover'), {
      since,
    });
    expect(status).toBe(202);
    // Beside the two: what was there before the endpoint was.
    await settled(world, endpoint.id, 'delivered', 1 + body.deliveries);
    const came = at('/recover')
      .slice(before)
      .map(({ event }) => event.data['id']);
    expect(came).toEqual(expect.arrayContaining([missed, unheard]));
    expect(came).not.toContain(taken);
    expect(came).toHaveLength(body.deliveries);
    expect((await world.call('POST', one(endpoint, '/deliveries/recover'), {})).status).toBe(400);
    await remove(endpoint);
  });
});

test('an endpoint that takes nothing for as long as is configured is disabled, and says so', async () => {
  const impatient = await createWorld({
    config: { webhook_schedule_seconds: [0, 0.02], webhook_disable_after_seconds: 0.01 },
  });
  impatient.receiver.answer = ({ path }) => ({ status: path === '/dead' ? 500 : 200 });
  const watcher = await register(impatient, '/watcher', ['webhook_endpoint.disabled']);
  const endpoint = await register(impatient, '/dead', ['job.completed']);
  await completed(impatient);
  const [told] = await impatient.receiver.waitFor(1, ({ path }) => path === '/watcher');
  expect(told?.event.data).toMatchObject({ id: endpoint.id, reason: 'failing', failing_since: expect.any(Number) });
  await settled(impatient, endpoint.id, 'failed');
  const { body } = await impatient.call('GET', `/v1/webhook_endpoints/${endpoint.id}`);
  expect(body).toMatchObject({ enabled: false, disabled_reason: 'failing' });
  await settled(impatient, watcher.id, 'delivered');
  await impatient.close();
});

describe('rotate_secret', () => {
  const rotate = async (endpoint: Endpoint, body: unknown, headers = {}) =>
    world.call<Endpoint>('POST', one(endpoint, '/rotate_secret'), body, headers);

  test('keeps the old secret signing beside the new one where that is asked for, also for what is on its way', async () => {
    let left = 3;
    answer('/rotate', () => (left-- > 0 ? 500 : 200));
    const endpoint = await register(world, '/rotate', ['job.completed']);
    const old = endpoint.signing_secret;
    const { body } = await rotate(endpoint, { keep_old_secret_active_for_24_hours: true });
    expect(body.signing_secret).not.toBe(old);
    await completed(world);
    await settled(world, endpoint.id, 'delivered');
    for (const got of at('/rotate'))
      expect(signers(got, [old, body.signing_secret])).toEqual([old, body.signing_secret]);
    const third = (await rotate(endpoint, undefined)).body.signing_secret;
    await completed(world);
    await settled(world, endpoint.id, 'delivered', 2);
    const last = at('/rotate').at(-1);
    expect(last && signers(last, [old, body.signing_secret, third])).toEqual([third]);
    await remove(endpoint);
  });

  test('G8 during retries has those that follow signed by both secrets for a day', async () => {
    let open = false;
    answer('/rotated', () => (open ? 200 : 500));
    const endpoint = await register(world, '/rotated', ['job.completed']);
    const old = endpoint.signing_secret;
    await completed(world);
    await world.receiver.waitFor(2, ({ path }) => path === '/rotated');
    const { body } = await rotate(endpoint, { keep_old_secret_active_for_24_hours: true });
    open = true;
    const both = [old, body.signing_secret];
    await settled(world, endpoint.id, 'delivered');
    const came = at('/rotated').map((got) => signers(got, both));
    expect([came[0], came.at(-1)]).toEqual([[old], both]);
    expect(new Set(at('/rotated').map((got) => [got.headers['webhook-id'], got.body].join(' '))).size).toBe(1);
    const key = `${world.prefix}endpoint:${endpoint.id}`;
    const kept = JSON.parse((await world.redis.hget(key, 'old')) ?? '') as { ends: number }[];
    const left = (kept[0]?.ends ?? 0) - Date.now();
    expect([left > 23.9 * 3_600_000, left <= 24 * 3_600_000]).toEqual([true, true]);
    await world.redis.hset(key, 'old', JSON.stringify(kept.map((secret) => ({ ...secret, ends: Date.now() }))));
    await completed(world);
    await settled(world, endpoint.id, 'delivered', 2);
    const last = at('/rotated').at(-1);
    expect(last && signers(last, both)).toEqual([body.signing_secret]);
    await remove(endpoint);
  });

  test('under one Idempotency-Key rotates once', async () => {
    const endpoint = await register(world, '/once', ['job.failed']);
    const key = { 'idempotency-key': 'rotate-1' };
    const [first, second] = [await rotate(endpoint, {}, key), await rotate(endpoint, {}, key)];
    expect(second.body.signing_secret).toBe(first.body.signing_secret);
    const other = await rotate(endpoint, { keep_old_secret_active_for_24_hours: true }, key);
    expect(other.status).toBe(422);
    await remove(endpoint);
  });

  test('is not undone by a change of the endpoint', async () => {
    const endpoint = await register(world, '/both-changed', ['job.completed']);
    const { signing_secret } = (await rotate(endpoint, {})).body;
    await world.call('POST', one(endpoint), { name: 'renamed' });
    await completed(world);
    const [got] = await world.receiver.waitFor(1, ({ path }) => path === '/both-changed');
    expect(got && signers(got, [signing_secret])).toEqual([signing_secret]);
    await remove(endpoint);
  });
});
