import { networkInterfaces } from 'node:os';
import { describe, expect, test } from '@jest/globals';
import { jsonOf, simulate, simulateFault, statusOf } from './support.js';
import { until } from '../../../test/until.js';

async function control(url: string, path: string, body?: unknown, headers: object = {}): Promise<Response> {
  const address = `${url.replace('/v1', '')}/_sim/${path}`;
  if (body === undefined) return await fetch(address, { headers: { ...headers } });
  return await fetch(address, { method: 'POST', headers: { ...headers }, body: JSON.stringify(body) });
}

describe('control over HTTP', () => {
  test('sets faults, tells the ledger and the stats, and resets', async () => {
    const simulator = await simulate();
    const rules = [{ when: { nth: 1 }, fault: { kind: 'server_error' } }];
    expect(await jsonOf(await control(simulator.url, 'faults', { rules }))).toEqual({ rules: 1 });
    expect([await statusOf(simulator), await statusOf(simulator)]).toEqual([500, 200]);
    expect(await jsonOf(await control(simulator.url, 'ledger'))).toEqual({ entries: simulator.ledger });
    expect(await jsonOf(await control(simulator.url, 'ledger?after=1'))).toMatchObject({ entries: [{ number: 2 }] });
    expect(await jsonOf(await control(simulator.url, 'stats'))).toEqual(simulator.stats);
    await (await control(simulator.url, 'reset', {})).text();
    expect([simulator.ledger.length, simulator.stats.requests]).toEqual([0, 0]);
  });

  test('releases what hangs', async () => {
    const simulator = await simulateFault({ kind: 'hang_before_headers' });
    const waiting = statusOf(simulator);
    await until(() => simulator.stats.held === 1);
    expect(await jsonOf(await control(simulator.url, 'release', {}))).toEqual({ released: 1 });
    expect(await waiting).toBe(200);
  });

  test.each([
    ['an unknown fault', { rules: [{ fault: { kind: 'earthquake' } }] }],
    ['an unknown condition', { rules: [{ when: { colour: 'red' }, fault: { kind: 'ok_html' } }] }],
    ['no list', {}],
  ])('refuses %s and keeps the rules that were set', async (_name, body) => {
    const simulator = await simulateFault({ kind: 'json_503' });
    const response = await control(simulator.url, 'faults', body);
    expect(response.status).toBe(400);
    expect((await jsonOf(response)).error?.code).toBe('invalid_value');
    expect(await statusOf(simulator)).toBe(503);
  });

  test('refuses what comes from a web page', async () => {
    const simulator = await simulate();
    const response = await control(simulator.url, 'reset', {}, { origin: 'http://localhost:3000' });
    expect([response.status, (await jsonOf(response)).error?.code]).toEqual([403, 'loopback_only']);
  });

  test('refuses what comes from another machine', async () => {
    const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    const outside = addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
    const simulator = await simulate({ host: '0.0.0.0' });
    // A machine without a network has no way to come from outside.
    const url = `http://${outside ?? '127.0.0.1'}:${simulator.port}/v1`;
    const response = await control(url, 'stats');
    await response.text();
    expect(response.status).toBe(outside === undefined ? 200 : 403);
  });
});

describe('other routes', () => {
  test('list the models', async () => {
    const simulator = await simulate();
    const list = await jsonOf<{ object: string; data: { id: string }[] }>(await fetch(`${simulator.url}/models`));
    expect(list.object).toBe('list');
    expect(list.data.map(({ id }) => id)).toEqual(expect.arrayContaining(['gpt-image-2', 'dall-e-3']));
    expect((await fetch(`${simulator.url}/models/gpt-image-2`)).status).toBe(200);
  });

  test.each([
    ['GET', '/healthz', 200],
    ['GET', '/v1/images/generations', 405],
    ['POST', '/v1/batches', 404],
    ['GET', '/v1/models/none', 404],
    ['GET', '/v1/tasks/task_none', 404],
    ['GET', '/_sim/none', 404],
    ['POST', '/v1/images/__proto__', 404],
  ])('%s %s is %i', async (method, path, status) => {
    const simulator = await simulate();
    const response = await fetch(simulator.url.replace('/v1', path), { method });
    await response.text();
    expect(response.status).toBe(status);
  });

  test('a body of an unknown type is a 415', async () => {
    const simulator = await simulate();
    const options = { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'a red mug' };
    const response = await fetch(`${simulator.url}/images/generations`, options);
    expect([response.status, (await jsonOf(response)).error?.code]).toEqual([415, 'unsupported_content_type']);
  });
});
