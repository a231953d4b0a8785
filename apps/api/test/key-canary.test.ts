import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { everythingIn } from '../../../test/everything-in-redis.js';
import { askForKey, callWith } from '../../../test/keys.js';
import { createWorld, type World } from '../../../test/world.js';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(async () => world.close());

test('a key is in no log, in no error and nowhere in Redis, whatever became of it', async () => {
  const once = { 'idempotency-key': 'canary' };
  const made = await askForKey(world, { name: 'canary', project: 'canary', requests_per_minute: 8 }, once);
  const rotated = await world.call<{ key: string }>('POST', `/v1/api_keys/${made.body.id}/rotate`, {});
  const wrong = `${made.body.key.slice(0, -1)}${made.body.key.endsWith('0') ? '1' : '0'}`;
  const keys = [made.body.key, rotated.body.key, wrong, world.key];
  const answers: string[] = [];
  for (const key of keys) {
    const call = callWith(world, key);
    const body = { type: 'generation', model: 'gpt-image-1', prompt: 'canary' };
    const job = await call<{ id?: string }>('POST', '/v1/jobs', body);
    if (job.body.id) await call('GET', `/v1/jobs/${job.body.id}?wait=60`);
    for (const path of ['/v1/jobs/none', '/v1/providers', '/v1/nowhere'])
      answers.push(JSON.stringify((await call('GET', path)).body));
    answers.push(JSON.stringify((await call('POST', '/v1/jobs', { type: 'generation' })).body));
  }
  expect(answers.some((text) => text.includes('rate_limit_exceeded'))).toBe(true);
  const places = {
    logs: JSON.stringify(world.logs),
    redis: (await everythingIn(world.redis, world.prefix)).join('\n'),
    answers,
  };
  expect(places.redis).toContain(made.body.id);
  expect(places.logs).toContain('request.answered');
  for (const [place, text] of Object.entries(places)) {
    for (const key of keys) {
      expect([place, String(text).includes(key)]).toEqual([place, false]);
      // Nor the part of it that is secret.
      expect([place, String(text).includes(key.slice(16))]).toEqual([place, false]);
    }
  }
});
