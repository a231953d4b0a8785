import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createBatch, endedBatch, jsonl, lines } from '../../../test/batch-calls.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';
import { rendermillOf, type Rendermill } from './run.js';

/** `--json`: what programs read, of every command. */

const catalogues = fileURLToPath(new URL('../../../examples/catalogues', import.meta.url));
const products = join(catalogues, 'shopify-products.csv');
const photos = join(catalogues, 'studio-photos.json');

let world: World;
let rendermill: Rendermill;
/** What stands for the words in braces. */
const known: Record<string, string> = { products, photos };

beforeAll(async () => {
  world = await createWorld();
  rendermill = await rendermillOf(world);
  const { simulator, call } = world;
  await simulator.faults([
    { when: { promptIncludes: 'forbidden' }, fault: { kind: 'moderation_blocked' } },
    { when: { promptIncludes: 'slow' }, fault: { kind: 'hang_before_headers' } },
  ]);
  const requests = [...lines(1, 'fine'), ...lines(1, 'forbidden')];
  known['batch'] = (await endedBatch(world, (await createBatch(world, { requests })).id)).id;
  known['job'] = (await world.ended((await world.submit({ prompt: 'forbidden' })).id)).id;
  const endpoint = { name: 'shop', url: `${world.receiver.url}/shop`, event_types: ['job.completed'] };
  known['endpoint'] = (await call<{ id: string }>('POST', '/v1/webhook_endpoints', endpoint)).body.id;
  await world.ended((await world.submit({ prompt: 'told' })).id);
  await world.receiver.waitFor(1, ({ path }) => path === '/shop');
  const log = await call<{ data: { id: string }[] }>('GET', `/v1/webhook_endpoints/${known['endpoint']}/deliveries`);
  known['delivery'] = log.body.data[0]?.id ?? '';
  const key = { name: 'shop', project: 'default', mode: 'live', scopes: ['jobs:read'] };
  known['key'] = (await call<{ id: string }>('POST', '/v1/api_keys', key)).body.id;
  known['running'] = (await createBatch(world, { requests: lines(2, 'slow') })).id;
  await until(async () => (await simulator.stats()).held === 2);
  known['folder'] = join(rendermill.folder, 'pictures');
  known['lines'] = join(rendermill.folder, 'two.jsonl');
  await writeFile(known['lines'], jsonl(lines(2, 'submitted')));
});
afterAll(async () => {
  await world.close();
  await rm(rendermill.folder, { recursive: true });
});

const filled = (args: string): string[] =>
  args.split(' ').map((word) => word.replace(/\{(\w+)\}/, (_, name: string) => known[name] ?? ''));
const code = (n: number) => ({ code: n });

/** What each prints, as far as it is known here. */
const documents: readonly (readonly [string, { code: number }, object])[] = [
  ['login {url}', code(0), { models: expect.any(Number) }],
  ['template {products}', code(0), { template: { custom_id: '{{ Handle }}' } }],
  [
    'plan {products} -t {photos} --rows 1',
    code(0),
    { preview: { data: [{ line: 1 }] }, estimate: { currency: 'USD' } },
  ],
  ['submit {lines}', code(3), { object: 'estimate', lines: 2 }],
  ['submit {lines} --yes', code(0), { object: 'batch' }],
  ['submit {lines} --yes --watch', code(0), { object: 'batch', status: 'completed' }],
  ['status', code(0), { object: 'list', data: expect.any(Array), has_more: false }],
  ['status {batch}', code(0), { object: 'batch', id: expect.stringMatching(/^batch_/) }],
  ['status {job}', code(0), { object: 'job', status: 'failed' }],
  ['watch {batch}', code(5), { object: 'batch', request_counts: { completed: 1, failed: 1 } }],
  ['watch {job}', code(5), { object: 'job', error: { code: 'moderation_blocked' } }],
  [
    'results {batch}',
    code(0),
    { object: 'list', data: [{ images: expect.any(Array) }, { images: expect.any(Array) }] },
  ],
  ['results {batch} -f csv -o results.csv', code(0), { object: 'results', format: 'csv', file: 'results.csv' }],
  ['results {running}', code(0), { object: 'list', data: [] }],
  ['download {batch} {folder}', code(0), { object: 'download', pictures: 1, fetched: 1, failed: [] }],
  ['retry {batch}', code(3), { object: 'retry_estimate', lines: 1, cost: expect.any(Number) }],
  ['retry {job}', code(3), { object: 'retry_estimate', images: 1, cost: expect.any(Number) }],
  ['retry {job} --yes', code(0), { object: 'job', generation: 2 }],
  ['retry {batch} --yes --watch', code(5), { object: 'batch', request_counts: { failed: 1 } }],
  ['pause {running}', code(0), { object: 'batch', paused_at: expect.any(Number) }],
  ['resume {running}', code(0), { object: 'batch', paused_at: null }],
  ['cancel {running}', code(0), { object: 'batch', status: expect.stringMatching(/^cancell/) }],
  ['jobs', code(0), { object: 'list', data: expect.any(Array), has_more: false }],
  ['jobs --batch {batch}', code(0), { object: 'list', data: [{ line: 1 }, { line: 2 }] }],
  ['open {batch}', code(0), { url: expect.stringContaining('#/batches/batch_') }],
  ['webhooks log', code(0), { object: 'list', data: [{ object: 'webhook_endpoint' }] }],
  ['webhooks log --endpoint {endpoint}', code(0), { object: 'list', data: [{ status: 'delivered' }] }],
  ['webhooks resend {delivery} --endpoint {endpoint}', code(0), { id: expect.any(String) }],
  ['keys list', code(0), { object: 'list', data: [{ name: 'shop' }], has_more: false }],
  ['keys create another', code(0), { name: 'another', key: expect.stringMatching(/^rm_live_/) }],
  ['keys create eyes --role look', code(0), { scopes: ['jobs:read', 'usage'] }],
  [
    'keys create deputy --role admin --project shop',
    code(0),
    { scopes: ['jobs:write', 'jobs:read', 'batches', 'files', 'webhooks', 'usage', 'admin'] },
  ],
  ['keys create eyes --role guest', code(2), { error: { message: expect.stringContaining('look, order, admin') } }],
  ['keys rotate {key}', code(0), { key: expect.stringMatching(/^rm_live_/) }],
  ['keys revoke {key}', code(0), { deleted: true }],
  ['providers', code(0), { object: 'list', data: [{ id: 'sim' }] }],
  ['probe sim --model gpt-image-1', code(3), { object: 'probe_quote' }],
  ['probe sim --model gpt-image-1 --yes', code(0), { probe: { status: 'completed' } }],
  ['recover --dry-run --merge', code(0), { dry_run: true }],
  // What it was written to, or what went wrong, is a document too.
  ['recover', code(2), { error: { message: expect.stringContaining('stop them first'), code: null } }],
  ['completion bash', code(2), { error: { message: expect.stringContaining('leave out --json'), code: null } }],
  ['results {batch} -f csv', code(2), { error: { message: expect.stringContaining('--output'), code: null } }],
  ['jobs --status done', code(2), { error: { message: expect.stringContaining('queued, in_progress'), code: null } }],
  ['status batch_none', code(1), { error: { code: 'not_found', request_id: expect.stringMatching(/^req_/) } }],
];

describe('prints one document, and nothing else on stdout', () => {
  test.each(documents)('rendermill %s --json', async (args, ended, document) => {
    known['url'] = world.url;
    const env = args.startsWith('recover') ? (world.env as Record<string, string>) : {};
    const options = { env, ...(args.startsWith('login') ? { input: world.key } : {}) };
    const came = await rendermill([...filled(args), '--json'], options);
    expect({ code: came.code, err: came.err }).toMatchObject(ended);
    expect(JSON.parse(came.out)).toMatchObject(document);
  });

  test('where no answer comes, too', async () => {
    const { code: ended, out } = await rendermill(['status', '--json'], {
      env: { RENDERMILL_URL: 'http://127.0.0.1:9' },
    });
    const { error } = JSON.parse(out) as { error: Record<string, unknown> };
    expect([ended, error['code'], error['message']]).toEqual([4, null, expect.stringContaining('does not answer')]);
  });
});

test('webhooks listen prints a document for each event, each on a line', async () => {
  const listening = rendermill.start(['webhooks', 'listen', '--since', '0', '--json']);
  await until(() => listening.soFar.out.split('\n').length > 3);
  listening.child.kill('SIGINT');
  const { code: ended, out } = await listening.ended;
  const events = out
    .trimEnd()
    .split('\n')
    .map((row) => JSON.parse(row) as { sequence: number });
  expect([ended, events[0]?.sequence]).toEqual([130, 1]);
  const refused = await rendermill(['webhooks', 'listen', '--since', 'x', '--json']);
  expect(refused.out.trimEnd().split('\n')).toEqual([expect.stringMatching(/^\{"error":\{.*\}\}$/)]);
});

test('every command is among these', async () => {
  const { out: help } = await rendermill(['--help']);
  const names = [...(help.split('\n\n')[1]?.matchAll(/^ {2}((?:webhooks |keys )?[a-z]+)/gm) ?? [])].map(
    ([, name]) => name,
  );
  expect(names.length).toBeGreaterThan(20);
  const tried = [...documents.map(([args]) => args), 'webhooks listen'];
  expect(names.filter((name) => !tried.some((args) => `${args} `.startsWith(`${name} `)))).toEqual([]);
});
