import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { graceMs, leaseMs, Liveness } from '@rendermill/shared/adapters/redis/liveness';
import { openRedis, type RedisWorld } from '../../../test/redis.js';

/** Who lives, as Redis tells it. Time passes by moving what Redis remembers. */

let world: RedisWorld;
let liveness: Liveness;
beforeEach(() => {
  world = openRedis();
  liveness = new Liveness(world.scripts);
});
afterEach(async () => world.close());

/** As if the worker had been silent for so long. */
async function silent(worker: string, ms: number): Promise<void> {
  const { client } = world.scripts;
  await client.del(world.scripts.key('worker', worker));
  await client.zadd(world.scripts.key('workers'), Date.now() - ms, worker);
}

describe('a worker without a lease', () => {
  test('is dead when its grace is over, and gets no lease again', async () => {
    await liveness.heartbeat('paused', {});
    await liveness.heartbeat('other', {});
    await silent('paused', leaseMs + 1);
    expect(await liveness.heartbeat('other', {})).toEqual([]);
    expect(await liveness.standing('paused')).toBe('silent');
    await silent('paused', leaseMs + graceMs + 1_000);
    expect(await liveness.heartbeat('other', {})).toEqual(['paused']);
    expect(await liveness.heartbeat('paused', {})).toBeNull();
    expect(await liveness.standing('paused')).toBe('dead');
  });

  test('is not given up when nobody was heard: Redis was away, and each gets the time to say that he lives', async () => {
    await liveness.heartbeat('first', {});
    await liveness.heartbeat('second', {});
    for (const worker of ['first', 'second']) await silent(worker, 60_000);
    expect(await liveness.heartbeat('first', {})).toEqual([]);
    expect(await liveness.heartbeat('second', {})).toEqual([]);
    expect(await liveness.standing('second')).toBe('alive');
  });

  test('that left by itself is dead at once', async () => {
    await liveness.heartbeat('done', {});
    await liveness.leave('done');
    expect(await liveness.standing('done')).toBe('dead');
  });
});

test('of a worker that Redis never heard of nothing is known, until somebody gives it up', async () => {
  expect(await liveness.standing('nobody')).toBe('unknown');
  expect(await liveness.deadSince('nobody')).toBeNull();
  expect(await liveness.giveUp('nobody')).toBe(true);
  expect(await liveness.standing('nobody')).toBe('dead');
  await liveness.heartbeat('somebody', {});
  expect(await liveness.giveUp('somebody')).toBe(false);
});
