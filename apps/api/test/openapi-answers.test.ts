import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { lineJobId } from '@rendermill/shared/domain/batch';
import { endedBatch, getBatch, jsonl, line, lines, upload } from '../../../test/batch-calls.js';
import { picture } from '../../../test/clients/support.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

/** What `/openapi.json` promises of an answer is held against the answers, by a validator that knows nothing of us. */

interface Operation {
  responses: Record<string, { content?: Record<string, { schema: object }> }>;
}

let world: World;
let paths: Record<string, Record<string, Operation>>;
const ajv = new Ajv2020({ allErrors: true, strict: false });
addFormats.default(ajv);

beforeAll(async () => {
  world = await createWorld();
  ({ paths } = (await (await fetch(`${world.url}/openapi.json`)).json()) as { paths: typeof paths });
});
afterAll(async () => world.close());

/** Operations that have answered well, by `method route`. */
const answered = new Set<string>();

/** Calls, and holds the answer against the document. */
async function call<T = { id: string }>(
  method: string,
  route: string,
  given: { path?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<T> {
  const { status, body } = await world.call<T>(method, given.path ?? route, given.body, given.headers);
  const responses = paths[route]?.[method.toLowerCase()]?.responses ?? {};
  const schema = (responses[status] ?? responses['default'])?.content?.['application/json']?.schema;
  if (!schema) throw new Error(`${method} ${route} answered ${status}, of which the document says nothing`);
  if (status < 300) answered.add(`${method} ${route}`);
  const valid = ajv.validate(schema, body);
  expect({ route, status, errors: valid ? [] : ajv.errors }).toEqual({ route, status, errors: [] });
  return body;
}

test('jobs: submitted, read, listed, retried, ended, refused', async () => {
  const job = await call('POST', '/v1/jobs', {
    body: { type: 'generation', prompt: 'documented', custom_id: 'a', metadata: { b: 'c' }, n: 2 },
  });
  await world.ended(job.id);
  await call('GET', '/v1/jobs/{id}', { path: `/v1/jobs/${job.id}` });
  await call('GET', '/v1/jobs', { path: '/v1/jobs?limit=5' });
  await call('POST', '/v1/jobs/{id}/cancel', { path: `/v1/jobs/${job.id}/cancel` });
  await call('POST', '/v1/jobs/{id}/retry', { path: `/v1/jobs/${job.id}/retry` });
  await call('GET', '/v1/jobs/{id}/deliveries', { path: `/v1/jobs/${job.id}/deliveries` });
  await call('GET', '/v1/jobs/{id}/deliveries', { path: '/v1/jobs/job_none/deliveries' });
  await call('GET', '/v1/jobs/{id}/images/{index}', { path: `/v1/jobs/${job.id}/images/9` });
  await call('GET', '/v1/jobs/{id}/images/{index}/{variant}', { path: `/v1/jobs/${job.id}/images/0/huge` });
  await call('GET', '/v1/jobs/{id}/inputs/{name}', { path: `/v1/jobs/${job.id}/inputs/0` });
  await call('GET', '/v1/jobs/{id}', { path: '/v1/jobs/job_none' });
  await call('POST', '/v1/jobs', { body: { type: 'generation' } });
});

test('a failed job and a held call that failed', async () => {
  await world.simulator.faults([{ fault: { kind: 'moderation_blocked' } }]);
  const job = await call('POST', '/v1/jobs', { body: { type: 'generation', prompt: 'refused' } });
  expect((await world.ended(job.id)).status).toBe('failed');
  await call('GET', '/v1/jobs/{id}', { path: `/v1/jobs/${job.id}` });
  await call('POST', '/v1/images/generations', { body: { prompt: 'refused again' } });
  await world.simulator.faults([]);
});

test('what is under way: a job and a batch paused, resumed, cancelled, run again', async () => {
  await world.simulator.faults([{ when: { promptIncludes: 'held up' }, fault: { kind: 'hang_before_headers' } }]);
  const job = await call('POST', '/v1/jobs', { body: { type: 'generation', prompt: 'held up' } });
  const { id } = await call('POST', '/v1/batches', { body: { requests: lines(2, 'held up') } });
  const change = async (what: string, body?: object) =>
    call('POST', `/v1/batches/{id}/${what}`, { path: `/v1/batches/${id}/${what}`, body });
  await until(async () => (await getBatch(world, id)).status === 'in_progress');
  for (const what of ['pause', 'resume', 'cancel']) await change(what);
  await call('POST', '/v1/jobs/{id}/cancel', { path: `/v1/jobs/${job.id}/cancel` });
  await world.simulator.faults([]);
  await world.simulator.release();
  await endedBatch(world, id);
  await change('retry');
  await endedBatch(world, id);
  await change('results_link', { format: 'csv' });
  await world.simulator.faults([
    { when: { promptIncludes: 'refuse once' }, fault: { kind: 'moderation_blocked' }, times: 1 },
  ]);
  const failed = await world.ended(
    (await call('POST', '/v1/jobs', { body: { type: 'generation', prompt: 'refuse once' } })).id,
  );
  await call('POST', '/v1/jobs/{id}/retry', { path: `/v1/jobs/${failed.id}/retry` });
  await world.ended(failed.id);
});

test('batches: submitted, read, listed, line by line, changed, estimated, shown beforehand, refused', async () => {
  const requests = [...lines(3, 'documented'), line('bad', {})];
  const { id } = await call('POST', '/v1/batches', { body: { requests } });
  const one = { path: `/v1/batches/${id}` };
  await call('GET', '/v1/batches/{id}', one);
  await endedBatch(world, id);
  await call('GET', '/v1/batches/{id}', one);
  await call('GET', '/v1/batches', { path: '/v1/batches?limit=5' });
  await call('GET', '/v1/batches/{id}/jobs', { path: `${one.path}/jobs` });
  await call('GET', '/v1/batches/{id}/jobs', { path: `${one.path}/jobs?offset=2&limit=1` });
  await call('GET', '/v1/batches/{id}/jobs', { path: `${one.path}/jobs?offset=2&status=queued` });
  await call('GET', '/v1/batches/{id}/failures', { path: `${one.path}/failures` });
  await call('GET', '/v1/batches/{id}/failures', { path: `${one.path}/failures?after=job_none` });
  await call('GET', '/v1/jobs', { path: `/v1/jobs?batch_id=${id}` });
  await call('GET', '/v1/jobs/{id}', { path: `/v1/jobs/${lineJobId(id, 4)}` });
  for (const what of ['cancel', 'pause', 'resume'])
    await call('POST', `/v1/batches/{id}/${what}`, { path: `${one.path}/${what}` });
  await call('GET', '/v1/batches/{id}', { path: '/v1/batches/none' });
  await call('POST', '/v1/batches', { body: { requests: [] } });
  const twins = { requests: [line('one', { prompt: 'x' }), line('one', { prompt: 'x' })] };
  const twice = await call('POST', '/v1/batches', {
    body: { input_file_id: await upload(world, jsonl(twins.requests), 'twins.jsonl') },
  });
  await endedBatch(world, twice.id);
  await call('GET', '/v1/batches/{id}', { path: `/v1/batches/${twice.id}` });
  await call('POST', '/v1/batches/preview', { body: { requests } });
  await call('POST', '/v1/estimates', { body: { requests } });
  const rows = await fetch(`${world.url}/v1/batches/${id}/results`, {
    headers: { authorization: `Bearer ${world.key}` },
  });
  const schema = paths['/v1/batches/{id}/results']?.['get']?.responses['200']?.content?.['application/jsonl']?.schema;
  for (const row of (await rows.text()).trim().split('\n')) {
    expect([ajv.validate(schema ?? {}, JSON.parse(row)), ajv.errors]).toEqual([true, null]);
  }
});

test("OpenAI's routes: images, models", async () => {
  const body = { prompt: 'documented', size: '1024x1024', quality: 'low' };
  await call('POST', '/v1/images/generations', { body });
  await call('POST', '/v1/images/generations', { body: { ...body, response_format: 'url' } });
  await call('POST', '/v1/images/generations', { body: { ...body, n: 99 } });
  const form = (): FormData => {
    const parts = new FormData();
    parts.append('image', new Blob([new Uint8Array(square)]), 'square.png');
    return parts;
  };
  const square = await picture(64);
  const edit = form();
  edit.append('prompt', 'documented');
  await call('POST', '/v1/images/edits', { body: edit });
  await call('POST', '/v1/images/variations', { body: form() });
  await call('GET', '/v1/models');
  await call('GET', '/v1/models/{id}', { path: '/v1/models/gpt-image-1' });
  await call('GET', '/v1/models/{id}', { path: '/v1/models/none' });
});

test('files: uploaded, read, listed, deleted, refused', async () => {
  const body = new FormData();
  body.append('purpose', 'batch');
  body.append('file', new Blob(['{}']), 'lines.jsonl');
  const { id } = await call('POST', '/v1/files', { body });
  await call('POST', '/v1/files', { body: new FormData() });
  await call('GET', '/v1/files');
  await call('GET', '/v1/files/{id}', { path: `/v1/files/${id}` });
  await call('DELETE', '/v1/files/{id}', { path: `/v1/files/${id}` });
  await call('GET', '/v1/files/{id}/content', { path: `/v1/files/${id}/content` });
});

test('webhook endpoints: made, read, listed, changed, tested, told, told again, deleted', async () => {
  const body = { name: 'documented', url: world.receiver.url, event_types: ['job.completed'] };
  const { id } = await call('POST', '/v1/webhook_endpoints', { body });
  const one = { path: `/v1/webhook_endpoints/${id}` };
  await call('GET', '/v1/webhook_endpoints');
  await call('GET', '/v1/webhook_endpoints/{id}', one);
  await call('POST', '/v1/webhook_endpoints/{id}', { ...one, body: { name: 'renamed' } });
  await call('POST', '/v1/webhook_endpoints/{id}/test', {
    path: `${one.path}/test`,
    body: { event_type: 'job.failed' },
  });
  await call('POST', '/v1/webhook_endpoints/{id}/rotate_secret', { path: `${one.path}/rotate_secret`, body: {} });
  const events = await call<{ data: { id: string }[] }>('GET', '/v1/events', { path: '/v1/events?order=desc' });
  const log = '/v1/webhook_endpoints/{id}/deliveries';
  await call('POST', `${log}/recover`, { path: `${one.path}/deliveries/recover`, body: { since: 0 } });
  await call('GET', log, { path: `${one.path}/deliveries` });
  const delivery = `${one.path}/deliveries/${events.data[0]?.id}-${id}`;
  await call('GET', `${log}/{delivery_id}`, { path: delivery });
  await call('POST', `${log}/{delivery_id}/resend`, { path: `${delivery}/resend` });
  await call('POST', '/v1/webhook_endpoints/{id}', { ...one, body: { enabled: false } });
  await call('POST', `${log}/recover`, { path: `${one.path}/deliveries/recover`, body: { since: 0 } });
  await call('GET', `${log}/{delivery_id}`, { path: `${one.path}/deliveries/none` });
  await call('DELETE', '/v1/webhook_endpoints/{id}', one);
  await call('GET', '/v1/webhook_endpoints/{id}', one);
  await call('GET', '/v1/webhook_event_types');
  await call('GET', '/v1/webhook_secret');
});

test('usage: the report, unknown outcomes, refused', async () => {
  await world.simulator.faults([{ when: { promptIncludes: 'cut' }, fault: { kind: 'reset_in_body' } }]);
  for (const prompt of ['cut', 'whole']) {
    const body = { type: 'generation', prompt, size: '1024x1024', quality: 'low', on_unknown_outcome: 'fail' };
    await world.ended((await call('POST', '/v1/jobs', { body })).id);
  }
  await world.simulator.faults([]);
  await call('GET', '/v1/usage', { path: '/v1/usage?group_by=day,model,provider' });
  const { data } = await call<{ data: unknown[] }>('GET', '/v1/usage', { path: '/v1/usage?outcome=unknown' });
  expect(data).toHaveLength(1);
  await call('GET', '/v1/usage', { path: '/v1/usage?group_by=batch' });
});

test('estimates: made, refused, without a price', async () => {
  const body = { type: 'generation', prompt: 'documented', model: 'gpt-image-1' };
  await call('POST', '/v1/estimates', { body });
  await call('POST', '/v1/estimates', { body: { ...body, size: '7x7' } });
  expect(await call('POST', '/v1/estimates', { body: { ...body, model: 'dall-e-2' } })).toMatchObject({
    error: { code: 'price_unknown' },
  });
});

test('providers, with an error in their books', async () => {
  const { data } = await call<{ data: { last_error: unknown }[] }>('GET', '/v1/providers');
  expect(data[0]?.last_error).not.toBeNull();
});

test('one provider; a probe quoted, refused, begun, ended', async () => {
  const path = '/v1/providers/sim/probe';
  const probe = async <T>(body: unknown) => call<T>('POST', '/v1/providers/{id}/probe', { path, body });
  const { consent } = await probe<{ consent: object }>({ model: 'gpt-image-1' });
  await probe({ spend: true });
  await probe({ spend: true, max_cost: 0 });
  await probe({ model: 'none' });
  await probe(consent);
  const get = async () =>
    call<{ probe: { status: string }; profile: unknown[] }>('GET', '/v1/providers/{id}', { path: '/v1/providers/sim' });
  await until(async () => (await get()).probe.status !== 'running');
  expect(await get()).toMatchObject({ probe: { status: 'completed' }, profile: [{ model: 'gpt-image-1' }] });
  await call('GET', '/v1/providers/{id}', { path: '/v1/providers/none' });
  await call('GET', '/v1/providers');
});

test('the key that asks', async () => {
  await call('GET', '/v1/api_keys/current');
});

test('health', async () => {
  await call('GET', '/healthz');
  await call('GET', '/readyz');
});

test('a repeat by Idempotency-Key changes an endpoint once, and with another body is refused', async () => {
  const made = { name: 'first', url: world.receiver.url, event_types: ['job.completed'] };
  const { id } = await call('POST', '/v1/webhook_endpoints', { body: made });
  const change = (name: string, key: string) =>
    call<{ name: string }>('POST', '/v1/webhook_endpoints/{id}', {
      path: `/v1/webhook_endpoints/${id}`,
      body: { name },
      headers: { 'idempotency-key': key },
    });
  expect((await change('second', 'k1')).name).toBe('second');
  expect((await change('third', 'k2')).name).toBe('third');
  expect((await change('second', 'k1')).name).toBe('third');
  expect(await change('other', 'k1')).toMatchObject({ error: { code: 'idempotency_key_reused' } });
});

test('API keys: made, read, listed, rotated, revoked, refused', async () => {
  const body = { name: 'documented', project: 'documented', mode: 'live', scopes: ['jobs:read'], images_per_minute: 5 };
  const { id } = await call('POST', '/v1/api_keys', { body });
  const one = { path: `/v1/api_keys/${id}` };
  await call('GET', '/v1/api_keys', { path: '/v1/api_keys?project=documented' });
  await call('GET', '/v1/api_keys/{id}', one);
  await call('POST', '/v1/api_keys/{id}/rotate', { path: `${one.path}/rotate`, body: { overlap_hours: 1 } });
  await call('GET', '/v1/api_keys/{id}', one);
  await call('DELETE', '/v1/api_keys/{id}', one);
  await call('GET', '/v1/api_keys/{id}', one);
  await call('POST', '/v1/api_keys', { body: { ...body, scopes: [] } });
});

test('every route with a JSON answer was asked for one, and gave it', () => {
  const documented = Object.entries(paths).flatMap(([route, operations]) =>
    Object.entries(operations).flatMap(([method, { responses }]) => {
      const good = Object.entries(responses).some(
        ([status, { content }]) => status < '300' && content?.['application/json']?.schema,
      );
      return good ? [`${method.toUpperCase()} ${route}`] : [];
    }),
  );
  expect(documented.length).toBeGreaterThan(40);
  expect(documented.filter((operation) => !answered.has(operation))).toEqual([]);
});

test('every reference in the document leads somewhere in it', async () => {
  const document = (await (await fetch(`${world.url}/openapi.json`)).json()) as Record<string, unknown>;
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(
    ([, reference]) => reference ?? '',
  );
  expect(references.length).toBeGreaterThan(0);
  for (const reference of new Set(references)) {
    const found = reference
      .replace(/^#\//, '')
      .split('/')
      .reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], document);
    expect({ reference, found }).toEqual({ reference, found: expect.any(Object) });
  }
});
