import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { badKeysPerMinute } from '../src/key-ring.js';
import type { Refusal } from '../../../test/batch-calls.js';
import { callWith, makeKey } from '../../../test/keys.js';
import { startApp, type AppProcess } from '../../../test/processes.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

/** What several API processes must agree on: a second one runs beside the world's own. */

let world: World;
let other: AppProcess;
beforeAll(async () => {
  const env = { RENDERMILL_TRUSTED_PROXIES: '127.0.0.1' };
  world = await createWorld({ worker: false, env });
  other = await startApp('api', world.env);
});
afterAll(async () => {
  await other.kill('SIGTERM');
  await world.close();
});

/** Asks one of the two processes. */
async function ask(which: number, key: string, from = '192.0.2.1'): Promise<Response> {
  const response = await fetch(`${which % 2 === 0 ? world.url : other.url}/v1/jobs`, {
    headers: { authorization: `Bearer ${key}`, 'x-forwarded-for': from },
  });
  await response.clone().arrayBuffer();
  return response;
}

const codeOf = async (response: Response): Promise<string> => ((await response.json()) as Refusal).error.code;

describe('two API processes', () => {
  test('stop taking a revoked key within a second, both of them, under load', async () => {
    const { id, key } = await makeKey(world);
    for (const which of [0, 1]) expect((await ask(which, key)).status).toBe(200);
    await world.call('DELETE', `/v1/api_keys/${id}`);
    const revokedAt = Date.now();
    const lastTaken = await Promise.all(
      [0, 1].map(async (which) => {
        let last = 0;
        await until(async () => {
          const begun = Date.now();
          const taken = (await ask(which, key)).status === 200;
          if (taken) last = begun;
          return !taken;
        });
        return last;
      }),
    );
    // By when it was asked, not by when it was answered: a slow machine is no slow revocation.
    for (const last of lastTaken) expect(last - revokedAt).toBeLessThan(1_000);
  });

  test('share the count of a key’s requests, and say what is left', async () => {
    const { key } = await makeKey(world, { requests_per_minute: 4 });
    const answers = [];
    for (let i = 0; i < 5; i++) answers.push(await ask(i, key));
    const last = answers[4] as Response;
    expect(last.headers.get('ratelimit-policy')).toBe('"requests";q=4;w=60');
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 429]);
    expect(answers.map(({ headers }) => /r=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1])).toEqual([
      '3',
      '2',
      '1',
      '0',
      '0',
    ]);
    expect(await codeOf(last)).toBe('rate_limit_exceeded');
    expect(last.headers.get('retry-after')).toBe(/t=(\d+)/.exec(last.headers.get('ratelimit') ?? '')?.[1]);
  });

  test('the admin key is counted by nobody', async () => {
    const answer = await world.call('GET', '/v1/jobs');
    expect([answer.status, answer.headers.get('ratelimit')]).toEqual([200, null]);
  });

  test('hold up an address that shows wrong keys, even with a right one, and nobody else', async () => {
    const good = await makeKey(world);
    const guesser = '198.51.100.7';
    const statuses = [];
    for (let i = 0; i < badKeysPerMinute; i++) statuses.push((await ask(i, `rm_live_guess-${i}`, guesser)).status);
    expect(new Set(statuses)).toEqual(new Set([401]));
    for (const which of [0, 1]) {
      for (const key of ['rm_live_one-more-guess', good.key, world.key]) {
        const held = await ask(which, key, guesser);
        expect([held.status, await codeOf(held)]).toEqual([429, 'rate_limit_exceeded']);
        expect(Number(held.headers.get('retry-after'))).toBeGreaterThan(0);
      }
      expect((await ask(which, good.key, '198.51.100.8')).status).toBe(200);
    }
  });

  test('let those go on who have shown a good key from the same address before', async () => {
    const shared = '198.51.100.20';
    const good = await makeKey(world);
    expect((await ask(0, good.key, shared)).status).toBe(200);
    for (let i = 0; i <= badKeysPerMinute; i++) await ask(0, `rm_live_neighbour-${i}`, shared);
    expect((await ask(0, 'rm_live_neighbour', shared)).status).toBe(429);
    expect((await ask(0, good.key, shared)).status).toBe(200);
  });

  test('take a network of 64 bits for one address', async () => {
    for (let i = 0; i < badKeysPerMinute; i++) await ask(i, `rm_live_six-${i}`, `2001:db8:1:2::${i + 1}`);
    expect((await ask(0, 'rm_live_six', '2001:db8:1:2:ffff::1')).status).toBe(429);
    expect((await ask(0, 'rm_live_six', '2001:db8:1:3::1')).status).toBe(401);
  });
});

describe('a message that is lost', () => {
  test('delays a revocation by less than a second', async () => {
    const { id, key } = await makeKey(world);
    expect((await ask(0, key)).status).toBe(200);
    const place = `${world.prefix}api-key:${id}`;
    const digest = (await world.redis.hget(place, 'digest')) ?? '';
    // As a revocation whose message nobody hears.
    await world.redis.del(place, `${world.prefix}api-key-of:${digest}`);
    const goneAt = Date.now();
    let last = 0;
    await until(async () => {
      const begun = Date.now();
      const { status } = await callWith(world, key)('GET', '/v1/models', undefined, {
        'x-forwarded-for': '192.0.2.1',
      });
      if (status === 200) last = begun;
      return status === 401;
    });
    expect(last - goneAt).toBeLessThan(1_000);
  });
});
