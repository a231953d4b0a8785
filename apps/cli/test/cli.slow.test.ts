import { readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createWorld, type World } from '../../../test/world.js';
import { rendermillOf, type Rendermill } from './run.js';

let world: World;
let rendermill: Rendermill;
beforeAll(async () => {
  world = await createWorld({ others: { unpriced: { preset: 'openai-compatible' } } });
  rendermill = await rendermillOf(world);
});
afterAll(async () => {
  await world.close();
  await rm(rendermill.folder, { recursive: true });
});

const charged = async () => (await world.simulator.stats()).charged;

describe('rendermill probe', () => {
  test('over a pipe tells what it would cost, and spends nothing without --yes', async () => {
    const { code, out, err } = await rendermill(['probe', 'sim', '--model', 'gpt-image-1']);
    expect([code, out]).toEqual([3, '']);
    expect(err).toMatch(/A probe of gpt-image-1 at sim asks for, \$0\.0312 to \$0\.\d+ in all/);
    expect(err).toMatch(/\$0\.0161 {2}a picture from words/);
    expect(err).toContain('add --yes');
    expect(await charged()).toBe(0);
  });

  test('with --yes makes the calls, and tells what was found on stdout', async () => {
    const { code, out, err } = await rendermill(['probe', 'sim', '--model', 'gpt-image-1', '--yes']);
    expect({ code, err }).toMatchObject({ code: 0 });
    expect(out).toMatch(/^FEATURE +FOUND/);
    expect(out).toMatch(/several_images +taken/);
    expect(err).toMatch(/edit_of_two_images_and_mask: accepted, \$0\.0148/);
    expect(err).toContain('Spent $0.0309.');
    expect(await charged()).toBe(2);
  });

  test('--json gives one document', async () => {
    const { code, out } = await rendermill(['probe', 'unpriced', '--yes', '--json']);
    const { probe, profile } = JSON.parse(out) as { probe: { status: string; cost: null }; profile: unknown[] };
    expect([code, probe.status, probe.cost, profile.length]).toEqual([0, 'completed', null, 1]);
  });

  test('says what is not counted', async () => {
    const { err } = await rendermill(['probe', 'sim', '--model', 'gpt-image-2']);
    expect(err).toContain('Not counted, because nobody knows it: input image tokens.');
  });

  test('says an unknown price', async () => {
    const { err } = await rendermill(['probe', 'unpriced']);
    expect(err).toContain('at a price that is not known');
  });
});

test('rendermill providers lists the accounts', async () => {
  const { code, out } = await rendermill(['providers']);
  expect(code).toBe(0);
  expect(out.split('\n').map((line) => line.split(/\s+/)[0])).toEqual(['ACCOUNT', 'sim', 'unpriced', '']);
  const { data } = JSON.parse((await rendermill(['providers', '--json'])).out) as { data: { id: string }[] };
  expect(data.map(({ id }) => id)).toEqual(['sim', 'unpriced']);
});

test.each([
  ['no command', [], {}, 2, /rendermill COMMAND/],
  ['a command that is not there', ['paint'], {}, 2, /There are login, template/],
  ['a command with a slip', ['sumbit'], {}, 2, /Did you mean submit\?/],
  ['an option with a slip', ['plan', 'x', '--templat', 'y'], {}, 2, /Did you mean --template\?\n\n.*--group-by/s],
  ['a value that is missing', ['plan', 'x', '--template'], {}, 2, /argument missing\n\nrendermill plan/],
  ['a status that is none', ['jobs', '--status', 'broken'], {}, 2, /--status is one of queued, in_progress/],
  ['a scope that is none', ['keys', 'create', 'x', '--scopes', 'foo'], {}, 2, /--scopes has 'foo'.*jobs:write/],
  [
    'an event that is none',
    ['webhooks', 'listen', '--types', 'batch.done'],
    {},
    2,
    /--types has 'batch.done'.*batch.completed/,
  ],
  ['results of a job', ['results', 'job_1'], {}, 2, /rendermill download job_1/],
  ['a key by its name', ['keys', 'revoke', 'shop'], {}, 2, /rendermill keys list/],
  ['no account', ['probe'], {}, 2, /rendermill probe ACCOUNT/],
  ['an option that is not there', ['providers', '--fast'], {}, 2, /--fast/],
  ['no key', ['providers'], { RENDERMILL_API_KEY: '' }, 2, /Set RENDERMILL_API_KEY/],
  ['no URL', ['providers'], { RENDERMILL_URL: 'localhost' }, 2, /begins with http/],
  ['a wrong key', ['providers'], { RENDERMILL_API_KEY: 'rm_live_wrong' }, 1, /Check RENDERMILL_API_KEY/],
  ['an account that is not there', ['probe', 'none'], {}, 1, /configured: sim, unpriced.*not_found, request req_/],
  ['half a command', ['keys'], {}, 2, /rendermill keys list, rendermill keys create/],
  ['a reason without its batch', ['jobs', '--error-code', 'x'], {}, 2, /--error-code: only with --batch ID/],
  ['no limit', ['jobs', '--limit', '0'], {}, 2, /--limit is a whole number from 1 on/],
  ['a limit of one thing', ['status', 'job_1', '--limit', '3'], {}, 2, /--limit: only for the list/],
  [
    'a reason of a job',
    ['retry', 'job_1', '--error-code', 'x', '--max-cost', '1'],
    {},
    2,
    /--error-code, --max-cost: only/,
  ],
  ['a status of endpoints', ['webhooks', 'log', '--status', 'failed'], {}, 2, /--status: only for deliveries/],
  ['a name that is no id', ['watch', 'file_1'], {}, 2, /'file_1' is no id of a batch/],
  ['a shell that is none', ['completion', 'tcsh'], {}, 2, /bash, zsh, fish/],
  ['a key with other letters', ['status'], { RENDERMILL_API_KEY: 'ключ' }, 2, /signs that no key has/],
  ['nobody there', ['providers'], { RENDERMILL_URL: 'http://127.0.0.1:9' }, 4, /is it running/],
] as const)('%s ends with a code of its own and what to do', async (_what, args, env, code, says) => {
  const ended = await rendermill(args, { env });
  expect(ended.code).toBe(code);
  expect(ended.out + ended.err).toMatch(says);
});

test.each([
  ['keys', '--help'],
  ['keys', '-h'],
  ['help', 'keys'],
])('rendermill %s %s lists its commands', async (...args) => {
  const { code, out, err } = await rendermill(args);
  expect([code, err]).toEqual([0, '']);
  expect(out.match(/^ {2}keys \w+/gm)).toEqual(['  keys list', '  keys create', '  keys rotate', '  keys revoke']);
  expect((await rendermill(args.map((word) => word.replace('keys', 'webhooks')))).out).toContain(
    '  webhooks resend DELIVERY',
  );
});

test('--version is that of the package', async () => {
  const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  expect(await rendermill(['--version'])).toEqual({ code: 0, out: `${version}\n`, err: '' });
});

test('an address that accepts and never answers is told, and given up', async () => {
  const mute = createServer(() => undefined);
  await new Promise<void>((listening) => mute.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(mute.address() as AddressInfo).port}`;
  try {
    const { code, err } = await rendermill(['status'], { env: { RENDERMILL_URL: url } });
    expect(code).toBe(4);
    expect(err).toContain(`No answer yet from ${url} …\n`);
    expect(err).toContain('no answer in 30 seconds');
  } finally {
    mute.closeAllConnections();
    await new Promise((closed) => mute.close(closed));
  }
});

test('an address where something else answers is told as such', async () => {
  const other = createServer((_request, response) => response.end('<html>Welcome</html>'));
  await new Promise<void>((listening) => other.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
  try {
    const { code, err } = await rendermill(['providers'], { env: { RENDERMILL_URL: url } });
    expect([code, err]).toEqual([1, `${url} answered something that is no JSON: is it the address of Rendermill?\n`]);
  } finally {
    await new Promise((closed) => other.close(closed));
  }
});

describe('rendermill recover', () => {
  // Redis and bucket of this world, but nothing of it: as after a loss, with an empty spool.
  const env = (): Record<string, string> => ({
    ...(world.env as Record<string, string>),
    REDIS_KEY_PREFIX: `${world.env['REDIS_KEY_PREFIX']}-lost`,
    STORAGE_URL: `file://${rendermill.folder}/empty`,
    RENDERMILL_DATA_DIR: join(rendermill.folder, 'nothing'),
  });

  test('tells in words that there was nothing to rebuild', async () => {
    const { code, out, err } = await rendermill(['recover', '--dry-run'], { env: env() });
    expect({ code, err }).toMatchObject({ code: 0 });
    expect(out).toMatch(/^Jobs +0 ended, 0 go on/m);
  });

  test('refuses a Redis whose workers run, and says what to do', async () => {
    const { code, out, err } = await rendermill(['recover'], { env: world.env as Record<string, string> });
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('worker(s) run: stop them first');
  });

  test('an option that it has not is told with how it is written', async () => {
    const { code, err } = await rendermill(['recover', '--force']);
    expect([code, err]).toEqual([2, expect.stringContaining('rendermill recover [SPOOL …]')]);
  });
});

test('--help names every command and its options', async () => {
  const { code, out } = await rendermill(['--help']);
  expect(code).toBe(0);
  expect(out).toContain('probe ACCOUNT');
  expect((await rendermill(['probe', '--help'])).out).toContain('--yes, -y');
});
