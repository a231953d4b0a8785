import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { makeKey } from '../../../test/keys.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

/** Who was told of a job; and a key that asks what it may do. */

interface Row {
  readonly id: string;
  readonly event_type: string;
  readonly status: string;
  readonly webhook_endpoint_id: string | null;
  readonly attempts: { readonly http_status: number | null }[];
}

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(async () => world.close());

test("a job's deliveries are those to each endpoint and to its own webhook_url, of each generation, and no other job's", async () => {
  const types = ['job.completed', 'job.failed'];
  const body = { name: 'shop', url: `${world.receiver.url}/endpoint`, event_types: types };
  const { id: endpoint } = (await world.call<{ id: string }>('POST', '/v1/webhook_endpoints', body)).body;
  await world.simulator.faults([{ when: { promptIncludes: 'told' }, fault: { kind: 'moderation_blocked' } }]);
  const job = await world.submit({ prompt: 'told', webhook_url: `${world.receiver.url}/own` });
  const other = await world.submit({ prompt: 'another' });
  await world.ended(job.id);
  await world.ended(other.id);
  await world.simulator.faults([]);
  await world.call('POST', `/v1/jobs/${job.id}/retry`);
  await world.ended(job.id);
  const list = async () => (await world.call<{ data: Row[] }>('GET', `/v1/jobs/${job.id}/deliveries`)).body.data;
  await until(async () => (await list()).filter(({ status }) => status === 'delivered').length === 4);
  const rows = await list();
  const told = (type: string, to: string | null): string => `${type} ${to ?? 'own'}`;
  expect(rows.map((row) => told(row.event_type, row.webhook_endpoint_id)).sort()).toEqual(
    types.flatMap((type) => [told(type, null), told(type, endpoint)]).sort(),
  );
  expect(new Set(rows.flatMap(({ attempts }) => attempts.map((one) => one.http_status)))).toEqual(new Set([200]));
  const log = await world.call<{ data: Row[] }>('GET', `/v1/webhook_endpoints/${endpoint}/deliveries`);
  expect(log.body.data.map(({ event_type }) => event_type).sort()).toEqual([
    'job.completed',
    'job.completed',
    'job.failed',
  ]);
});

test('GET /v1/api_keys/current tells any key what it is and may do, the admin key too', async () => {
  const made = await makeKey(world, { project: 'shop', mode: 'test', scopes: ['jobs:read'], spend_limit: 5 });
  const { status, body } = await made.call<Record<string, unknown>>('GET', '/v1/api_keys/current');
  expect(status).toBe(200);
  expect(body).toMatchObject({ id: made.id, project: 'shop', mode: 'test', scopes: ['jobs:read'], spend_limit: 5 });
  expect(JSON.stringify(body)).not.toContain(made.key);
  const admin = await world.call<Record<string, unknown>>('GET', '/v1/api_keys/current');
  expect(admin.body).toMatchObject({ id: 'admin', project: 'default', requests_per_minute: null });
  expect((await world.call('GET', '/v1/api_keys/current', undefined, { authorization: 'Bearer no' })).status).toBe(401);
});
