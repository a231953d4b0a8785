import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parseApiEnv } from '@rendermill/shared/config/env';
import { loadConfiguration } from '@rendermill/shared/config/accounts-file';
import { Lifecycle } from '@rendermill/shared/observability/lifecycle';
import { createLogger } from '@rendermill/shared/observability/log';
import { buildApi } from '../src/build-api.js';
import { register, settled, signers, completed } from '../../../test/webhook-calls.js';
import { makeKey } from '../../../test/keys.js';
import { adminKey, createWorld, type LogLine, type World } from '../../../test/world.js';

let world: World;
beforeAll(async () => {
  world = await createWorld({ worker: false });
});
afterAll(async () => world.close());

/** Starts another API on the same Redis and store, runs `use`, ends it. */
async function restarted(
  secrets: Record<string, string>,
  use: (url: string, logs: readonly LogLine[]) => Promise<void>,
): Promise<void> {
  const env = { ...world.env, ...secrets };
  const logs: LogLine[] = [];
  const sink = { write: (line: string): void => void logs.push(JSON.parse(line) as LogLine) };
  const lifecycle = new Lifecycle();
  const log = createLogger('debug', 'api', sink);
  const api = await buildApi(parseApiEnv(env), loadConfiguration(env), log, lifecycle);
  try {
    await use(api.url, logs);
  } finally {
    await api.drain();
    await lifecycle.close(log);
  }
}

const json = { 'content-type': 'application/json' };

/** The status, with the body read: a connection that is left is one that stays open. */
async function statusOf(url: string, init?: RequestInit): Promise<number> {
  const answer = await fetch(url, init);
  await answer.arrayBuffer();
  return answer.status;
}

const [before, after] = ['test-secret-0123456789', 'another-secret-0123456789'];
const authorization = { headers: { authorization: `Bearer ${adminKey}` } };

test('RENDERMILL_SECRET is changed without losing an API key', async () => {
  const body = { name: 'kept', project: 'kept', mode: 'live', scopes: ['jobs:read'] };
  const ask = async (url: string, name = 'kept'): Promise<{ key: string; error?: { code: string } }> => {
    const headers = { ...json, ...authorization.headers, 'idempotency-key': name };
    const answer = await fetch(`${url}/v1/api_keys`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ ...body, name }),
    });
    return (await answer.json()) as { key: string };
  };
  const { key } = await ask(world.url);
  const works = async (url: string): Promise<number> =>
    statusOf(`${url}/v1/jobs`, { headers: { authorization: `Bearer ${key}` } });
  expect(await works(world.url)).toBe(200);

  await restarted({ RENDERMILL_SECRET: after }, async (url, logs) => {
    const said = logs.find(({ event }) => event === 'api_keys.unreadable');
    expect([said?.level, said?.['message']]).toEqual(['error', expect.stringContaining('RENDERMILL_SECRET_PREVIOUS')]);
    expect(await works(url)).toBe(401);
    expect((await ask(url, 'not-now')).error?.code).toBe('secret_unreadable');
    // Nothing was lost by that start, nor by what was asked of it; and what another opens meanwhile, it opens too.
    await restarted({ RENDERMILL_SECRET: after, RENDERMILL_SECRET_PREVIOUS: before }, async (other) => {
      expect([await works(other), await works(url)]).toEqual([200, 200]);
      expect((await ask(other)).key).toBe(key);
    });
  });
  await restarted({ RENDERMILL_SECRET: after }, async (url, logs) => {
    expect(logs.filter(({ event }) => event.startsWith('api_keys'))).toEqual([]);
    expect(await works(url)).toBe(200);
    expect((await ask(url)).key).toBe(key);
  });
  await restarted({ RENDERMILL_SECRET: before, RENDERMILL_SECRET_PREVIOUS: after }, async (url) => {
    expect(await works(url)).toBe(200);
  });
});

test('processes that start together know the same keys, and those made after a loss of Redis', async () => {
  const fresh = await createWorld({ worker: false });
  await restarted({ REDIS_KEY_PREFIX: fresh.prefix.slice(1, -2) }, async (url) => {
    const works = async (key: string): Promise<number[]> =>
      Promise.all(
        [fresh.url, url].map(async (base) =>
          statusOf(`${base}/v1/jobs`, { headers: { authorization: `Bearer ${key}` } }),
        ),
      );
    expect(await works((await makeKey(fresh)).key)).toEqual([200, 200]);
    await fresh.redis.del(`${fresh.prefix}api-key-pepper`);
    // One that starts now makes another, by which the others go from then on.
    await restarted({ REDIS_KEY_PREFIX: fresh.prefix.slice(1, -2) }, async (third) => {
      const { key } = await makeKey(fresh);
      expect([
        ...(await works(key)),
        await statusOf(`${third}/v1/jobs`, { headers: { authorization: `Bearer ${key}` } }),
      ]).toEqual([200, 200, 200]);
    });
  });
  await fresh.close();
});

test('RENDERMILL_SECRET is changed without losing a webhook secret or a link', async () => {
  const endpoint = await register(world, '/kept', ['job.completed']);
  const rotated = await world.call<{ signing_secret: string }>(
    'POST',
    `/v1/webhook_endpoints/${endpoint.id}/rotate_secret`,
    { keep_old_secret_active_for_24_hours: true },
  );
  const both = [rotated.body.signing_secret, endpoint.signing_secret];
  const own = (await world.call<{ signing_secret: string }>('GET', '/v1/webhook_secret')).body.signing_secret;
  await world.startWorker();
  const job = await completed(world);
  await settled(world, endpoint.id, 'delivered');
  const link = new URL((await world.ended(job)).images[0]?.url ?? '');

  await restarted({ RENDERMILL_SECRET: after }, async (url, logs) => {
    expect(logs.filter(({ event }) => event === 'secret.unreadable')).toHaveLength(3);
    expect(await statusOf(url + link.pathname + link.search)).toBe(401);
  });
  await restarted({ RENDERMILL_SECRET: after, RENDERMILL_SECRET_PREVIOUS: before }, async (url, logs) => {
    expect(logs.find(({ event }) => event === 'secrets.sealed_anew')).toMatchObject({ renewed: 4 });
    expect(await statusOf(url + link.pathname + link.search)).toBe(200);
    const secret = (await (await fetch(`${url}/v1/webhook_secret`, authorization)).json()) as {
      signing_secret: string;
    };
    expect(secret.signing_secret).toBe(own);
  });
  await restarted({ RENDERMILL_SECRET: after }, async (url, logs) => {
    expect(logs.filter(({ event }) => event.startsWith('secret'))).toEqual([]);
    const sent = await statusOf(`${url}/v1/webhook_endpoints/${endpoint.id}/test`, {
      method: 'POST',
      headers: { ...authorization.headers, ...json },
      body: '{"event_type":"job.failed"}',
    });
    expect(sent).toBe(200);
    const got = world.receiver.received.at(-1);
    expect(got && signers(got, both)).toEqual(both);
  });
});
