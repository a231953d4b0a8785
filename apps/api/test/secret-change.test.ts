import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parseApiEnv } from '@rendermill/shared/config/env';
import { loadConfiguration } from '@rendermill/shared/config/accounts-file';
import { Lifecycle } from '@rendermill/shared/observability/lifecycle';
import { createLogger } from '@rendermill/shared/observability/log';
import { buildApi } from '../src/build-api.js';
import { register, settled, signers, completed } from '../../../test/webhook-calls.js';
import { createWorld, type LogLine, type World } from '../../../test/world.js';

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
  await use(api.url, logs);
  await api.drain();
  await lifecycle.close(log);
}

/** The status, with the body read: a connection that is left is one that stays open. */
async function statusOf(url: string, init?: RequestInit): Promise<number> {
  const answer = await fetch(url, init);
  await answer.arrayBuffer();
  return answer.status;
}

test('RENDERMILL_SECRET is changed without losing a webhook secret or a link', async () => {
  const [before, after] = ['test-secret-0123456789', 'another-secret-0123456789'];
  const authorization = { headers: { authorization: `Bearer ${world.key}` } };
  const endpoint = await register(world, '/kept', ['job.completed']);
  const own = (await world.call<{ signing_secret: string }>('GET', '/v1/webhook_secret')).body.signing_secret;
  await world.startWorker();
  const job = await completed(world);
  await settled(world, endpoint.id, 'delivered');
  const link = new URL((await world.ended(job)).images[0]?.url ?? '');

  await restarted({ RENDERMILL_SECRET: after }, async (url, logs) => {
    expect(logs.filter(({ event }) => event === 'secret.unreadable')).toHaveLength(2);
    expect(await statusOf(url + link.pathname + link.search)).toBe(401);
  });
  await restarted({ RENDERMILL_SECRET: after, RENDERMILL_SECRET_PREVIOUS: before }, async (url, logs) => {
    expect(logs.find(({ event }) => event === 'secrets.sealed_anew')).toMatchObject({ renewed: 2 });
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
      headers: { ...authorization.headers, 'content-type': 'application/json' },
      body: '{"event_type":"job.failed"}',
    });
    expect(sent).toBe(200);
    const got = world.receiver.received.at(-1);
    expect(got && signers(got, [endpoint.signing_secret])).toEqual([endpoint.signing_secret]);
  });
});
