import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { s3Server } from '../s3.js';
import { createWorld, type World } from '../world.js';
import { canRun, examples, folder, runExample, unpack } from './examples.js';
import { languages } from './receivers.js';
import { deliveryTo, headersOf, sha } from './support.js';

/** What examples/ shows is run here as it stands. On a real S3 server where there is one. */
const s3 = s3Server();
let world: World;
beforeAll(async () => {
  world = await createWorld(s3 ? { env: s3.env, storageUrl: s3.storageUrl() } : {});
});
afterAll(async () => world.close());

describe('examples/', () => {
  for (const example of examples) {
    const title = `${example.file} leaves ${example.makes.join(', ')}: pictures as the provider made them`;
    (canRun(example) ? test : test.skip)(title, async () => {
      const { code, stderr, cwd } = await runExample(world, example);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const made = (await world.simulator.ledger()).flatMap(({ sha256 }) => sha256);
      for (const name of example.makes) {
        const bytes = await readFile(join(cwd, name));
        expect((await sharp(bytes).metadata()).width).toBe(1024);
        expect(made).toContain(sha(bytes));
      }
    });
  }

  test('has no script that is not run here, nor one that its README does not name', async () => {
    const names = await readdir(folder, { recursive: true });
    const receivers = Object.values(languages).map(({ file }) => `webhooks/${file}`);
    const scripts = names.filter((name) => /\.(mjs|sh|py|go|php|ru)$/.test(name)).sort();
    expect(scripts).toEqual([...examples.map(({ file }) => file), ...receivers].sort());
    const readme = await readFile(join(folder, 'README.md'), 'utf8');
    expect(scripts.filter((name) => !readme.includes(`(${name})`))).toEqual([]);
  });

  test('ends with the message of the error where it goes wrong', async () => {
    const [first] = examples.filter(({ file }) => file === 'node/jobs.mjs');
    if (!first) throw new Error('node/jobs.mjs is not in the table');
    const { code, stderr } = await runExample({ ...world, key: 'rm_live_wrong', dir: join(world.dir, 'wrong') }, first);
    expect(code).toBe(1);
    expect(stderr).toContain('401 invalid_api_key: Incorrect API key provided.');
  });
});

describe('examples/webhooks/node.mjs', () => {
  let receiver: ChildProcess;
  let lines: AsyncIterator<string>;
  let url: string;
  const nextLine = async (): Promise<string> => ((await lines.next()) as IteratorYieldResult<string>).value;
  beforeAll(async () => {
    const { body } = await world.call<{ signing_secret: string }>('GET', '/v1/webhook_secret');
    const cwd = await unpack(world, 'webhooks/node.mjs');
    const env = { PORT: '0', RENDERMILL_WEBHOOK_SECRET: body.signing_secret };
    receiver = spawn(process.execPath, ['node.mjs'], { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] });
    if (!receiver.stdout) throw new Error('the receiver has no output');
    lines = createInterface({ input: receiver.stdout })[Symbol.asyncIterator]();
    url = /http:\S+/.exec(await nextLine())?.[0] ?? '';
  });
  afterAll(async () => {
    const ended = once(receiver, 'exit');
    receiver.kill();
    await ended;
  });

  test('takes a delivery, and tells of it', async () => {
    const job = await world.submit({ webhook_url: url });
    expect(await nextLine()).toBe(`job.completed ${job.id}`);
  });

  test('takes a repeat without telling of it again, and refuses a forgery', async () => {
    const job = await world.submit({ webhook_url: `${world.receiver.url}/overheard` });
    const overheard = await deliveryTo(world, '/overheard');
    const {
      'webhook-id': id = '',
      'webhook-timestamp': time = '',
      'webhook-signature': signature = '',
    } = headersOf(overheard);
    const headers = { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signature };
    const send = async (body: string): Promise<number> => (await fetch(url, { method: 'POST', headers, body })).status;
    expect([await send(overheard.body), await send(overheard.body)]).toEqual([204, 204]);
    expect(await send(overheard.body.replace(job.id, 'job_forged'))).toBe(400);
    expect(await nextLine()).toBe(`job.completed ${job.id}`);
    expect(await nextLine()).toMatch(/^refused: /);
  });
});
