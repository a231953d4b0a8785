import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { presets } from '@rendermill/shared/domain/presets/index';
import { newWebhookSecret, signWebhook } from '@rendermill/shared/domain/webhook-signature';
import { fence, root } from '../docs/pages.js';
import { loseRedis } from '../recovering.js';
import { until } from '../until.js';
import { createWorld, type World } from '../world.js';
import { run, type Ran } from './run.js';

/** What docs/keys.md, docs/recover.md, docs/cli.md, docs/webhooks.md, docs/providers and others tell to type, as it stands there. */
const sold = Object.values(presets).filter(({ envKey }) => envKey !== null);
let world: World;
let cwd: string;
beforeAll(async () => {
  world = await createWorld({ others: Object.fromEntries(sold.map(({ id }) => [id, { preset: id }])) });
  // A checkout in which commands may leave files.
  cwd = join(world.dir, 'checkout');
  await mkdir(cwd);
  await symlink(join(root, 'node_modules'), join(cwd, 'node_modules'));
});
afterAll(async () => world.close());

const env = (): NodeJS.ProcessEnv => ({
  HOME: cwd,
  RENDERMILL_URL: world.url,
  RENDERMILL_API_KEY: world.key,
  RENDERMILL_ADMIN_KEY: world.key,
});
const shell = async (code: string, more: NodeJS.ProcessEnv = {}): Promise<Ran> =>
  run('sh', ['-eu', '-c', code], { cwd, env: { ...env(), ...more } });

test('docs/keys.md: the key is made, and the same one where its answer was lost', async () => {
  const [first, again] = [
    await shell(fence('docs/keys.md', '/v1/api_keys')),
    await shell(fence('docs/keys.md', '/v1/api_keys')),
  ];
  expect([first.code, again.code]).toEqual([0, 0]);
  const made = JSON.parse(first.stdout) as { key: string };
  expect(made).toMatchObject({ object: 'api_key', project: 'shop', key: expect.stringMatching(/^rm_live_/) });
  expect((JSON.parse(again.stdout) as { key: string }).key).toBe(made.key);
});

test.each(sold.map(({ id }) => [`docs/providers/${id}.md`, id]))(
  '%s: the probe says what it would cost, and asks nothing without a yes',
  async (page, id) => {
    const { code, stderr } = await shell(fence(page, 'rendermill probe'));
    expect([code, stderr]).toEqual([3, expect.stringContaining(id)]);
    expect(await world.others[id]?.ledger()).toEqual([]);
  },
);

test('README.md: so does its own', async () => {
  expect((await shell(fence('README.md', 'rendermill probe'))).code).toBe(3);
});

test('docs/webhooks.md shows an event with the fields that a delivered one has', async () => {
  const { id } = await world.submit({ webhook_url: `${world.receiver.url}/shown` });
  const [got] = await world.receiver.waitFor(1, ({ path }) => path === '/shown');
  expect(got?.event).toMatchObject({ type: 'job.completed', data: { id } });
  const shown = fence('docs/webhooks.md', '"object": "event"');
  const keys = (text: string): string[] => [...text.matchAll(/"(\w+)":/g)].map(([, key = '']) => key);
  const [outer = '', inner = ''] = shown.split('"data":');
  expect(Object.keys(got?.event ?? {})).toEqual([...keys(outer), 'data']);
  expect(Object.keys(got?.event.data ?? {})).toEqual(expect.arrayContaining(keys(inner)));
});

test('docs/cli.md: events are sent on to a receiver on this machine', async () => {
  const block = fence('docs/cli.md', 'webhooks listen');
  const address = 'http://127.0.0.1:3000/webhooks';
  expect(block).toContain(address);
  const code = `PATH=$PWD/node_modules/.bin:$PATH\nexec ${block.replace(address, `${world.receiver.url}/webhooks`)}`;
  const child = spawn('sh', ['-eu', '-c', code], { cwd, env: { PATH: process.env['PATH'], ...env() } });
  const ended = once(child, 'exit');
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await until(() => said.includes('Listening behind event'));
  const { id } = await world.submit({ prompt: 'while it listens' });
  const [got] = await world.receiver.waitFor(1, ({ path }) => path === '/webhooks');
  expect(got?.event.data['id']).toBe(id);
  child.kill('SIGINT');
  await ended;
});

async function javascript(before: string, code: string, more: NodeJS.ProcessEnv = {}): Promise<Ran> {
  await writeFile(join(cwd, 'page.mjs'), `${before}\n${code}`);
  return run(process.execPath, ['page.mjs'], { cwd, env: { ...env(), ...more } });
}

test('packages/client/README.md: an event that is signed is verified, another is thrown out', async () => {
  const code = fence('packages/client/README.md', 'verifyWebhook');
  const secret = newWebhookSecret();
  const body = JSON.stringify({ type: 'batch.completed', data: { id: 'batch_1' } });
  const headers = signWebhook([secret], 'evt_1', Math.floor(Date.now() / 1_000), body);
  const request = (text: string): string =>
    `const body = ${JSON.stringify(text)};\nconst request = { headers: new Headers(${JSON.stringify(headers)}) };`;
  const good = await javascript(request(body), code, { WEBHOOK_SECRET: secret });
  expect(good).toEqual({ code: 0, stdout: 'batch_1\n', stderr: '' });
  const forged = await javascript(request(`${body} `), code, { WEBHOOK_SECRET: secret });
  expect([forged.code, forged.stderr]).toEqual([1, expect.stringContaining('WebhookVerificationError')]);
});

test('packages/simulator/README.md: a simulator is started, charges, and ends', async () => {
  const code = fence('packages/simulator/README.md', 'startSimulator');
  const call = `const answer = await fetch(simulator.url + '/images/generations', {
    method: 'POST', headers: { 'content-type': 'application/json', authorization: 'Bearer any' },
    body: JSON.stringify({ prompt: 'a cup', model: 'gpt-image-1' }),
  });
  console.log(answer.status);`;
  const comment = '// … point any OpenAI client at simulator.url …';
  expect(code).toContain(comment);
  const { code: ended, stdout, stderr } = await javascript('', code.replace(comment, call));
  expect([ended, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^200\n1 \{[^]*prompt: 'a cup'/);
});

describe('docs/recover.md', () => {
  let lost: World;
  beforeAll(async () => {
    lost = await createWorld({ worker: false });
  });
  afterAll(async () => lost.close());

  test('after the loss of Redis a job that had ended is there again', async () => {
    const worker = await lost.startWorker();
    const { id } = await lost.ended((await lost.submit({ prompt: 'kept in the bucket' })).id);
    await worker.drain(60_000);
    await loseRedis(lost);
    expect((await lost.call('GET', `/v1/jobs/${id}`)).status).toBe(404);
    const told = Object.fromEntries(Object.entries(lost.env).filter(([, value]) => value !== undefined));
    const { code } = await shell(fence('docs/recover.md', 'rendermill recover'), told);
    expect(code).toBe(0);
    const { body } = await lost.call<{ status: string; images: unknown[] }>('GET', `/v1/jobs/${id}`);
    expect([body.status, body.images.length]).toEqual(['completed', 1]);
  });
});
