import { chmod, copyFile, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { run, type Ran } from '../../../test/clients/run.js';
import { createBatch, endedBatch, lines } from '../../../test/batch-calls.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';
import { bin, rendermillOf, type Rendermill } from './run.js';

/** Every command of docs/cli.md and of the client's README, as it stands there. */

const root = fileURLToPath(new URL('../../..', import.meta.url));
let world: World;
let rendermill: Rendermill;
let blocks: string[];
beforeAll(async () => {
  world = await createWorld();
  rendermill = await rendermillOf(world);
  const page = await readFile(join(root, 'docs/cli.md'), 'utf8');
  const all = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, code]) => code ?? '');
  // It goes on until it is stopped: test/clients/docs-commands.slow.test.ts.
  blocks = all.filter((code) => !code.includes('webhooks listen'));
  expect(blocks).toHaveLength(all.length - 1);
  const at = (name: string): string => join(rendermill.folder, name);
  await copyFile(join(root, 'examples/catalogues/shopify-products.csv'), at('shop.csv'));
  await mkdir(at('bin'));
  await writeFile(at('bin/rendermill'), `#!/bin/sh\nexec '${process.execPath}' '${bin}' "$@"\n`);
  await chmod(at('bin/rendermill'), 0o755);
});
afterAll(async () => {
  await world.close();
  await rm(rendermill.folder, { recursive: true });
});

/** What a block needs that its reader has: ids of what is there. */
let known: Record<string, string> = {};

/** The one block with `text` in it; what it sets is known to those after it. */
async function block(text: string): Promise<Ran> {
  const found = blocks.filter((code) => code.includes(text));
  expect(found).toHaveLength(1);
  blocks = blocks.filter((code) => code !== found[0]);
  const ended = await run('sh', ['-eu', '-c', `PATH=$PWD/bin:$PATH\n${found[0]}\nset > known`], {
    cwd: rendermill.folder,
    env: { RENDERMILL_URL: world.url, RENDERMILL_API_KEY: world.key, XDG_CONFIG_HOME: rendermill.folder, ...known },
  });
  expect(ended).toMatchObject({ code: 0 });
  const set = await readFile(join(rendermill.folder, 'known'), 'utf8');
  for (const name of ['batch', 'key']) {
    const value = new RegExp(`^${name}='(.+)'$`, 'm').exec(set)?.[1];
    if (value !== undefined) known[name] = value;
  }
  return ended;
}

test('a catalogue goes from its CSV to its pictures', async () => {
  expect((await block('rendermill login')).stdout).toContain('takes the key');
  expect((await block('rendermill plan')).stdout).toContain('Studio product photograph: Fjord Stoneware Mug');
  expect((await block('rendermill watch "$batch"')).stdout).toMatch(/completed: (\d+) of \1 lines completed/);
  expect((await block('rendermill download')).stdout).toMatch(/pictures in pictures: \d+ fetched now/);
  expect(await readFile(join(rendermill.folder, 'results.csv'), 'utf8')).toMatch(
    /^custom_id,.*\nfjord-stoneware-mug,/s,
  );
  expect((await block('from a pipe')).stdout).toContain('1 of 1 line completed');
  expect((await block('rendermill status "$batch"')).stdout).toContain(`${world.url}/#/batches/${known['batch']}`);
  const count = Number((await block('grep -c')).stdout);
  expect(count).toBeGreaterThan(1);
});

test('a running batch is paused, resumed, cancelled and retried', async () => {
  await world.simulator.faults([{ when: { promptIncludes: 'slow' }, fault: { kind: 'hang_before_headers' } }]);
  const { id } = await createBatch(world, { requests: lines(60, 'slow') });
  await until(async () => (await world.simulator.stats()).in_flight > 0);
  known = { ...known, running: id };
  // The calls under way end, so that the batch can; what has not begun is cancelled.
  const letGo = setInterval(() => void world.simulator.faults([]).then(async () => world.simulator.release()), 1_000);
  try {
    expect((await block('rendermill pause')).stdout).toMatch(/paused\n.* in_progress\n.* cancell/);
    await endedBatch(world, id);
  } finally {
    clearInterval(letGo);
  }
  expect((await block('rendermill retry')).stdout).toContain('60 of 60 lines completed');
});

test('webhooks are told, and sent again', async () => {
  const made = await world.call<{ id: string }>('POST', '/v1/webhook_endpoints', {
    name: 'shop',
    url: `${world.receiver.url}/shop`,
    event_types: ['job.completed'],
  });
  const endpoint = made.body.id;
  await world.ended((await world.submit({})).id);
  await world.receiver.waitFor(1, ({ path }) => path === '/shop');
  type Log = { data: { id: string }[] };
  const { body } = await world.call<Log>('GET', `/v1/webhook_endpoints/${endpoint}/deliveries`);
  known = { ...known, endpoint, delivery: body.data[0]?.id ?? '' };
  expect((await block('rendermill webhooks log')).stdout).toContain(known['delivery']);
  await world.receiver.waitFor(2, ({ path }) => path === '/shop');
});

test('keys and providers', async () => {
  const made = await world.call<{ id: string }>('POST', '/v1/api_keys', {
    name: 'to rotate',
    project: 'shop',
    mode: 'live',
    scopes: ['jobs:read'],
  });
  known = { ...known, id: made.body.id, account: 'sim' };
  expect((await block('rendermill keys')).stdout).toContain(`${made.body.id} revoked`);
  expect(known['key']).toMatch(/^rm_live_/);
  expect((await block('rendermill providers')).stdout).toMatch(/several_images +taken/);
});

test('every block was run', () => {
  expect(blocks).toEqual([]);
});

test('the first example of the client’s README prints pictures', async () => {
  const readme = await readFile(join(root, 'packages/client/README.md'), 'utf8');
  const [, code = ''] = /^```js\n(.*?)^```$/ms.exec(readme) ?? [];
  await symlink(join(root, 'node_modules'), join(rendermill.folder, 'node_modules'));
  await writeFile(join(rendermill.folder, 'readme.mjs'), code);
  const env = { RENDERMILL_URL: world.url, RENDERMILL_API_KEY: world.key };
  const { stdout, stderr } = await run(process.execPath, ['readme.mjs'], { cwd: rendermill.folder, env });
  expect(stderr).toBe('');
  const said = stdout.trim().split('\n');
  expect(said[0]).toMatch(/^completed http/);
  expect(said.slice(1).sort()).toEqual([
    expect.stringMatching(/^lamp completed$/),
    expect.stringMatching(/^lamp http/),
    expect.stringMatching(/^mug completed$/),
    expect.stringMatching(/^mug http/),
  ]);
});
