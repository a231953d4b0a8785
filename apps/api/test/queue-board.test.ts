import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { adminKey, createWorld, type World } from '../../../test/world.js';

/** `/admin/queues`, as a browser asks for it. */
let world: World;
let cookie: string;
beforeAll(async () => {
  world = await createWorld({ worker: false });
  await world.submit({});
  await world.submit({ priority: 'high' });
});
afterAll(async () => world.close());

const html = { accept: 'text/html,*/*;q=0.8' };

async function ask(path: string, headers: Record<string, string> = {}, method = 'GET', body?: string) {
  const url = `${world.url}/admin/queues${path}`;
  const response = await fetch(url, { method, redirect: 'manual', headers, ...(body === undefined ? {} : { body }) });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const login = async (key: string) =>
  ask(
    '/login',
    { 'content-type': 'application/x-www-form-urlencoded' },
    'POST',
    new URLSearchParams({ key }).toString(),
  );

interface Shown {
  readonly queues: { name: string; displayName: string; readOnlyMode: boolean; counts: Record<string, number> }[];
}
const queues = async (): Promise<Shown['queues']> =>
  (JSON.parse((await ask('/api/queues', { cookie })).text) as Shown).queues;

async function newKey(scopes: string[]): Promise<{ id: string; key: string }> {
  const { body } = await world.call<{ id: string; key: string }>('POST', '/v1/api_keys', {
    name: 'board',
    project: 'default',
    mode: 'live',
    scopes,
  });
  return body;
}

describe('without a key', () => {
  test('a browser is asked for one, by a page that needs nothing from elsewhere', async () => {
    const { status, headers, text } = await ask('', html);
    expect([status, headers.get('content-type')]).toEqual([401, 'text/html; charset=utf-8']);
    expect(text).not.toMatch(/<script|https?:/);
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  test('a program is told so as everywhere', async () => {
    const { status, text } = await ask('/api/queues', { accept: 'application/json' });
    expect([status, (JSON.parse(text) as { error: { code: string } }).error.code]).toEqual([401, 'missing_api_key']);
  });

  test('a wrong one, and one without the scope, lead back to the page with the reason and no cookie', async () => {
    const wrong = await login('rm_live_"><script>alert(1)</script>');
    expect([wrong.status, wrong.headers.get('set-cookie')]).toEqual([401, null]);
    expect(wrong.text).not.toContain('<script>');
    const { key } = await newKey(['jobs:read', 'admin']);
    const narrow = await login(key);
    expect([narrow.status, narrow.headers.get('set-cookie')]).toEqual([403, null]);
    expect(narrow.text).toContain('operator');
  });
});

describe('with an operator’s key', () => {
  test('the form leads to the board, by a cookie that no script and no other site gets', async () => {
    const { status, headers } = await login(adminKey);
    expect([status, headers.get('location')]).toEqual([303, '/admin/queues']);
    const set = headers.get('set-cookie') ?? '';
    expect(set).toMatch(/; Path=\/admin\/queues; HttpOnly; SameSite=Strict$/);
    cookie = set.split(';')[0] ?? '';
    const page = await ask('', { ...html, cookie });
    expect(page.status).toBe(200);
    const assets = [...page.text.matchAll(/(?:src|href)="(static\/[^"]+)"/g)].map(([, name]) => name);
    expect(assets.length).toBeGreaterThan(2);
    for (const name of assets) expect((await ask(`/${name}`, { cookie })).status).toBe(200);
  });

  test('the board shows the queues under our prefix, with what waits in them', async () => {
    const shown = await queues();
    expect(shown.map(({ displayName }) => displayName)).toEqual([
      'prepare: inputs to fetch',
      expect.stringMatching(/^ready: sim/),
      'deliveries: webhooks',
      'deliveries-slow: webhooks that fail or take long',
    ]);
    expect(shown[1]?.counts['prioritized']).toBe(2);
  });

  test('nothing can be changed by it', async () => {
    const [, ready] = await queues();
    const name = encodeURIComponent(ready?.name ?? '');
    const actions = ['pause', 'empty', 'obliterate', 'clean/wait', 'promote', 'concurrency'].map(
      (one) => `${name}/${one}`,
    );
    for (const what of ['pause', ...actions]) {
      const { status } = await ask(`/api/queues/${what}`, { cookie }, 'PUT');
      expect([what, status]).toEqual([what, 405]);
    }
    const after = (await queues())[1];
    expect([after?.readOnlyMode, after?.counts['prioritized']]).toEqual([true, 2]);
    await world.startWorker();
    const { body } = await world.call<{ data: { id: string }[] }>('GET', '/v1/jobs');
    for (const { id } of body.data) expect((await world.ended(id)).status).toBe('completed');
  });

  test('a key that is revoked ends the visit at once', async () => {
    const { id, key } = await newKey(['operator']);
    const own = (await login(key)).headers.get('set-cookie')?.split(';')[0] ?? '';
    expect((await ask('/api/queues', { cookie: own })).status).toBe(200);
    await world.call('DELETE', `/v1/api_keys/${id}`);
    expect((await ask('/api/queues', { cookie: own, accept: 'application/json' })).status).toBe(401);
  });
});
