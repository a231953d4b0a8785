import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isKey } from '@rendermill/shared/domain/api-keys';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import type { Refusal } from '../../../test/batch-calls.js';
import { askForKey, callWith, makeKey } from '../../../test/keys.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

interface Shown {
  readonly id: string;
  readonly project: string;
  readonly key_hint: string;
  readonly scopes: string[];
  readonly spent: number;
  readonly rotated_at: number | null;
}

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(async () => world.close());

const statusWith = async (key: string, path = '/v1/jobs'): Promise<number> =>
  (await callWith(world, key)('GET', path)).status;
/** A process believes what it has read for a moment. */
const worksNoMore = async (key: string): Promise<void> => until(async () => (await statusWith(key)) === 401);

describe('/v1/api_keys', () => {
  test('makes a key that is shown once, works in its own project, and is listed without it', async () => {
    const { status, body } = await askForKey(world, { project: 'shown-once', name: 'Importer' });
    expect([status, isKey(body.key)]).toEqual([200, true]);
    expect(body).toMatchObject({ object: 'api_key', project: 'shown-once', name: 'Importer', mode: 'live', spent: 0 });
    const call = callWith(world, body.key);
    const job = await call<PresentedJob>('POST', '/v1/jobs', { type: 'generation', prompt: 'a key of my own' });
    expect(job.status).toBe(202);
    const ended = await call<PresentedJob>('GET', `/v1/jobs/${job.body.id}?wait=60`);
    expect(ended.body.images[0]?.key).toMatch(/^shown-once\/jobs\//);
    const one = await world.call<Shown>('GET', `/v1/api_keys/${body.id}`);
    expect(body.key.startsWith(one.body.key_hint.slice(0, -1))).toBe(true);
    const list = await world.call<{ data: Shown[] }>('GET', '/v1/api_keys?project=shown-once');
    expect(list.body.data).toEqual([one.body]);
    expect(JSON.stringify(list.body)).not.toContain(body.key);
  });

  test('with the same Idempotency-Key is the same key, told again; with another body it is refused', async () => {
    const once = { 'idempotency-key': 'make-me-one' };
    const first = await askForKey(world, { name: 'once' }, once);
    expect((await askForKey(world, { name: 'once' }, once)).body).toEqual(first.body);
    const other = await askForKey(world, { name: 'other' }, once);
    expect([other.status, other.body.error?.code]).toEqual([422, 'idempotency_key_reused']);
    expect(await statusWith(first.body.key)).toBe(200);
    await world.call('POST', `/v1/api_keys/${first.body.id}/rotate`, { overlap_hours: 0 });
    expect((await askForKey(world, { name: 'once' }, once)).body).toMatchObject({ id: first.body.id, key: null });
  });

  test.each([
    ['an unknown scope', { scopes: ['everything'] }, 'scopes.0'],
    ['no scope', { scopes: [] }, 'scopes'],
    ['a project that would be a path', { project: '../acme' }, 'project'],
    ['a range that is none', { ip_ranges: ['10.0.0.0/33'] }, 'ip_ranges.0'],
    ['a day that is over', { expires_at: 1_000 }, 'expires_at'],
    ['a limit on a key that makes keys', { spend_limit: 5 }, 'spend_limit'],
    ['a test key over all projects', { project: 'default', mode: 'test', scopes: ['operator'] }, 'scopes'],
    ['an unknown mode', { mode: 'dry' }, 'mode'],
  ])('refuses %s', async (_what, body, param) => {
    const answer = await askForKey(world, body);
    expect([answer.status, answer.body.error]).toMatchObject([400, { code: 'invalid_parameter', param }]);
  });

  test('lets a project’s admin make keys of the project, and nothing beyond it', async () => {
    const admin = await makeKey(world, { project: 'branch', scopes: ['admin'] });
    const ask = async (body: object) =>
      admin.call<Refusal>('POST', '/v1/api_keys', {
        name: 'x',
        project: 'branch',
        mode: 'live',
        scopes: ['usage'],
        ...body,
      });
    expect((await ask({})).status).toBe(200);
    for (const beyond of [{ project: 'acme' }, { scopes: ['operator'] }]) {
      const { status, body } = await ask(beyond);
      expect([status, body.error.code]).toEqual([403, 'insufficient_scope']);
    }
    const { body } = await admin.call<{ data: Shown[] }>('GET', '/v1/api_keys');
    expect(new Set(body.data.map(({ project }) => project))).toEqual(new Set(['branch']));
    expect((await admin.call<{ data: Shown[] }>('GET', '/v1/api_keys?project=acme')).body.data).toEqual([]);
    const trial = await makeKey(world, { project: 'branch', mode: 'test', scopes: ['admin'] });
    const live = { name: 'x', project: 'branch', mode: 'live', scopes: ['jobs:write'] };
    expect((await trial.call('POST', '/v1/api_keys', live)).status).toBe(403);
  });

  test.each([
    ['an admin of default', 'a key over all projects', { scopes: ['admin'] }, { scopes: ['operator'] }],
    ['a test key', 'a live one', { mode: 'test', scopes: ['admin'] }, { scopes: ['admin'] }],
  ])('lets %s see %s, but neither rotate nor revoke it', async (_who, _whose, own, theirs) => {
    const { call } = await makeKey(world, { project: 'default', ...own });
    const { id, key } = await makeKey(world, { project: 'default', ...theirs });
    const path = `/v1/api_keys/${id}`;
    expect((await call('GET', path)).status).toBe(200);
    for (const [method, of] of [
      ['POST', `${path}/rotate`],
      ['DELETE', path],
    ] as const) {
      const body = method === 'POST' ? { overlap_hours: 0 } : undefined;
      const { status, body: refused } = await call<Refusal>(method, of, body);
      expect([status, refused]).toEqual([403, { error: expect.objectContaining({ code: 'insufficient_scope' }) }]);
    }
    expect([await statusWith(key, '/v1/api_keys/current'), (await call<Shown>('GET', path)).body.rotated_at]).toEqual([
      200,
      null,
    ]);
  });

  test('lets a project’s admin rotate and revoke its keys, and a test one those of its mode', async () => {
    for (const mode of ['live', 'test']) {
      const { call } = await makeKey(world, { project: 'reach', mode, scopes: ['admin'] });
      const { id, key } = await makeKey(world, { project: 'reach', mode: 'test', scopes: ['admin', 'usage'] });
      const path = `/v1/api_keys/${id}`;
      const rotated = await call<{ key: string }>('POST', `${path}/rotate`, { overlap_hours: 0 });
      expect(rotated.status).toBe(200);
      await worksNoMore(key);
      expect(await statusWith(rotated.body.key, '/v1/usage')).toBe(200);
      expect((await call('DELETE', path)).status).toBe(200);
      await worksNoMore(rotated.body.key);
    }
  });
});

describe('a key', () => {
  test('that is rotated works on for the overlap beside the new one; rotated once more, only the newer two do', async () => {
    const { id, key } = await makeKey(world);
    const rotate = async (overlap_hours: number) =>
      (await world.call<{ key: string; id: string }>('POST', `/v1/api_keys/${id}/rotate`, { overlap_hours })).body;
    const second = await rotate(1);
    expect(second.id).toBe(id);
    expect([await statusWith(key), await statusWith(second.key)]).toEqual([200, 200]);
    const third = await rotate(1);
    await worksNoMore(key);
    expect([await statusWith(second.key), await statusWith(third.key)]).toEqual([200, 200]);
    const fourth = await rotate(0);
    await worksNoMore(third.key);
    expect(await statusWith(fourth.key)).toBe(200);
  });

  test('that is deleted works no more, and what it ordered goes on', async () => {
    const { id, key, call } = await makeKey(world, { project: 'gone' });
    const job = await call<PresentedJob>('POST', '/v1/jobs', { type: 'generation', prompt: 'outlives its key' });
    expect((await world.call('DELETE', `/v1/api_keys/${id}`)).status).toBe(200);
    await worksNoMore(key);
    expect((await world.call('DELETE', `/v1/api_keys/${id}`)).status).toBe(404);
    const next = await makeKey(world, { project: 'gone' });
    const ended = await next.call<PresentedJob>('GET', `/v1/jobs/${job.body.id}?wait=60`);
    expect(ended.body.status).toBe('completed');
  });

  test('with one character changed is none, as its checksum tells', async () => {
    const { key } = await makeKey(world);
    const typo = key.replace(/.$/, key.endsWith('x') ? 'y' : 'x');
    expect([isKey(key), isKey(typo), await statusWith(typo)]).toEqual([true, false, 401]);
  });

  test('that expires stops at its time', async () => {
    const now = Date.now();
    const { key, id } = await makeKey(world, { expires_at: Math.ceil(now / 1_000) + 3_600 });
    expect(await statusWith(key)).toBe(200);
    // Its time comes: the row is what every process reads.
    const place = `${world.prefix}api-key:${id}`;
    const row = JSON.parse((await world.redis.hget(place, 'row')) ?? '{}') as object;
    await world.redis.hset(place, 'row', JSON.stringify({ ...row, expires_at: now }));
    await until(async () => (await statusWith(key)) !== 200);
    const answer = await callWith(world, key)<Refusal>('GET', '/v1/jobs');
    expect([answer.status, answer.body.error.code]).toEqual([401, 'invalid_api_key']);
  });

  test('says when it was last used, written at most once a minute', async () => {
    const { id, call } = await makeKey(world);
    const lastUsed = async () =>
      (await world.call<{ last_used_at: number | null }>('GET', `/v1/api_keys/${id}`)).body.last_used_at;
    expect(await lastUsed()).toBeNull();
    await call('GET', '/v1/jobs');
    const place = `${world.prefix}api-key:${id}`;
    const noted = Number(await world.redis.hget(place, 'used'));
    expect(await lastUsed()).toBe(Math.floor(noted / 1_000));
    const list = await world.call<{ data: { id: string; last_used_at: number }[] }>('GET', '/v1/api_keys?limit=100');
    expect(list.body.data.find((key) => key.id === id)?.last_used_at).toBe(Math.floor(noted / 1_000));
    for (let i = 0; i < 3; i++) await call('GET', '/v1/jobs');
    expect(Number(await world.redis.hget(place, 'used'))).toBe(noted);
  });

  test('that is refused for its address was not used', async () => {
    const { id, call } = await makeKey(world, { ip_ranges: ['203.0.113.0/24'] });
    expect((await call('GET', '/v1/jobs')).status).toBe(403);
    expect((await world.call('GET', `/v1/api_keys/${id}`)).body).toMatchObject({ last_used_at: null });
  });

  test('for other addresses is 403 from here, and for a range around this one it works', async () => {
    const far = await makeKey(world, { ip_ranges: ['203.0.113.0/24', '2001:db8::/32'] });
    const refused = await far.call<Refusal>('GET', '/v1/jobs');
    expect([refused.status, refused.body.error.code]).toEqual([403, 'ip_not_allowed']);
    // Nobody in between is believed unless it is configured.
    const told = await far.call('GET', '/v1/jobs', undefined, { 'x-forwarded-for': '203.0.113.9' });
    expect(told.status).toBe(403);
    const near = await makeKey(world, { ip_ranges: ['203.0.113.7', '127.0.0.0/8'] });
    expect((await near.call('GET', '/v1/jobs')).status).toBe(200);
  });
});

describe('behind a trusted proxy', () => {
  let proxied: World;
  beforeAll(async () => {
    proxied = await createWorld({ worker: false, env: { RENDERMILL_TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8' } });
  });
  afterAll(async () => proxied.close());

  test('the client is the last address that no trusted proxy has', async () => {
    const { call } = await makeKey(proxied, { ip_ranges: ['203.0.113.0/24'] });
    const from = async (list: string) => (await call('GET', '/v1/jobs', undefined, { 'x-forwarded-for': list })).status;
    expect(await from('203.0.113.9')).toBe(200);
    expect(await from('198.51.100.1, 203.0.113.9, 10.1.2.3')).toBe(200);
    expect(await from('203.0.113.9, 198.51.100.1')).toBe(403);
  });
});
