import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadConfiguration } from '@rendermill/shared/config/accounts-file';
import { parseApiEnv } from '@rendermill/shared/config/env';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { Lifecycle } from '@rendermill/shared/observability/lifecycle';
import { createLogger } from '@rendermill/shared/observability/log';
import { buildApi } from '../src/build-api.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

/** Lists of jobs that move while they are read, and of jobs that are gone. */

interface List {
  data: PresentedJob[];
  last_id: string | null;
  has_more: boolean;
}

let world: World;
beforeAll(async () => {
  world = await createWorld({ worker: false });
});
afterAll(async () => world.close());

const read = async (query: string): Promise<List> => (await world.call<List>('GET', `/v1/jobs?${query}`)).body;
const idsOf = ({ data }: List): string[] => data.map(({ id }) => id);
const list = (...parts: string[]): string => `${world.prefix}${parts.join(':')}`;

/** Ids that jobs of long ago left in the lists. */
async function leaveBehind(count: number, daysAgo: number): Promise<string[]> {
  const created = Date.now() - daysAgo * 86_400_000;
  const ids = Array.from({ length: count }, (_, i) => `job_${String(i).padStart(22, '0')}`);
  const pipeline = world.redis.pipeline();
  for (const id of ids) {
    pipeline.zadd(list('jobs', 'default'), created, id);
    pipeline.zadd(list('jobs', 'default', 'completed'), created, id);
    pipeline.zadd(list('custom', 'default', `c${id}`), created, id);
    pipeline.zadd(list('customs', 'default'), created, `c${id}:${id}`);
  }
  await pipeline.exec();
  return ids;
}

test('a page by status goes on where the one before ended, though its last job has left the list', async () => {
  const ids: string[] = [];
  for (let i = 0; i < 6; i++) ids.push((await world.submit({})).id);
  // Jobs of one batch are made in one moment: their order is that of their ids.
  const same = String(Date.now());
  for (const id of ids) {
    await world.redis.hset(list('job', id), 'created', same);
    for (const name of ['jobs:default', 'jobs:default:queued']) await world.redis.zadd(list(name), same, id);
  }
  const sorted = [...ids].sort();
  for (const [order, expected] of [
    ['asc', sorted],
    ['desc', sorted.toReversed()],
  ] as const) {
    const first = await read(`status=queued&order=${order}&limit=2`);
    expect(idsOf(first)).toEqual(expected.slice(0, 2));
    await world.redis.zrem(list('jobs', 'default', 'queued'), first.last_id ?? '');
    expect(idsOf(await read(`status=queued&order=${order}&limit=2&after=${first.last_id}`))).toEqual(
      expected.slice(2, 4),
    );
    await world.redis.zadd(list('jobs', 'default', 'queued'), same, first.last_id ?? '');
  }
});

test.each(['/v1/jobs?after=job_0000000000000000000000', '/v1/webhook_endpoints?after=whe_0000000000000000000000'])(
  'a page after an id that is not there is 400: %s',
  async (path) => {
    const { status, body } = await world.call<{ error: { code: string; param: string } }>('GET', path);
    expect([status, body.error.code, body.error.param]).toEqual([400, 'invalid_parameter', 'after']);
  },
);

describe('ids of jobs that are past their retention', () => {
  test('are left out, and a page of nothing else leads on to the next', async () => {
    await leaveBehind(20_001, 1);
    const first = await read('order=asc');
    expect([first.data, first.has_more]).toEqual([[], true]);
    const next = await read(`order=asc&after=${first.last_id}`);
    expect([next.data.length, next.has_more]).toEqual([6, false]);
  });

  test('are taken out of the lists once they are older than the retention', async () => {
    const young = await world.redis.zcard(list('jobs', 'default'));
    const old = await world.submit({ custom_id: 'old, and still there' });
    await world.redis.zadd(list('jobs', 'default'), 1, old.id);
    const dead = await world.submit({ custom_id: 'old, and gone' });
    for (const name of ['jobs:default', 'jobs:default:queued']) await world.redis.zadd(list(name), 2, dead.id);
    const [custom = ''] = (await world.redis.zrange(list('customs', 'default'), '-1', '-1')).map(
      (m) => m.split(':')[0],
    );
    await world.redis.zadd(list('customs', 'default'), 2, `${custom}:${dead.id}`);
    await world.redis.del(list('job', dead.id), list('loan', 'lists'));
    const lifecycle = new Lifecycle();
    const log = createLogger('silent', 'api');
    const api = await buildApi(parseApiEnv(world.env), loadConfiguration(world.env), log, lifecycle);
    await until(async () => (await world.redis.zcard(list('jobs', 'default'))) === young + 1);
    expect(await world.redis.zscore(list('jobs', 'default'), old.id)).toBe('1');
    expect(await world.redis.zscore(list('jobs', 'default', 'queued'), dead.id)).toBeNull();
    expect(await world.redis.exists(list('custom', 'default', custom))).toBe(0);
    expect((await read('custom_id=old,%20and%20still%20there')).data).toHaveLength(1);
    await api.drain();
    await lifecycle.close(log);
  });
});
