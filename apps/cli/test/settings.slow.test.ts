import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createWorld, type World } from '../../../test/world.js';
import { rendermillOf, type Rendermill } from './run.js';

let world: World;
let rendermill: Rendermill;
beforeAll(async () => {
  world = await createWorld({ worker: false });
  rendermill = await rendermillOf(world);
});
afterAll(async () => {
  await world.close();
  await rm(rendermill.folder, { recursive: true });
});

const unset = { RENDERMILL_URL: '', RENDERMILL_API_KEY: '' };
const file = (): string => join(rendermill.folder, 'rendermill', 'config.json');

describe('login', () => {
  afterEach(async () => rm(file(), { force: true }));

  test('keeps address and key for its owner alone, and the other commands use them', async () => {
    const { code, out } = await rendermill(['login', world.url], { env: unset, input: `${world.key}\n` });
    expect([code, out]).toEqual([0, `${world.url} takes the key. Kept in ${file()}\n`]);
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect((await rendermill(['providers'], { env: unset })).code).toBe(0);
  });

  test('a key that is refused is not kept', async () => {
    const { code, err } = await rendermill(['login', world.url], { env: unset, input: 'rm_live_wrong' });
    expect([code, err]).toEqual([1, expect.stringContaining('Check RENDERMILL_API_KEY')]);
    await expect(stat(file())).rejects.toThrow('ENOENT');
  });

  test('a kept key is not sent to another address', async () => {
    await rendermill(['login', world.url], { env: unset, input: world.key });
    const elsewhere = { ...unset, RENDERMILL_URL: 'http://127.0.0.1:9' };
    const { code, err } = await rendermill(['providers'], { env: elsewhere });
    expect([code, err]).toEqual([2, expect.stringContaining('an API key for http://127.0.0.1:9')]);
  });

  test('a damaged file is named, and what to do', async () => {
    await rendermill(['login', world.url], { env: unset, input: world.key });
    await writeFile(file(), '{');
    const { code, err } = await rendermill(['providers'], { env: unset });
    expect([code, err]).toEqual([2, expect.stringContaining(`${file()} is not what 'rendermill login' writes`)]);
  });
});

test('keys: made, listed, rotated, revoked; the key alone is on stdout', async () => {
  const made = await rendermill(['keys', 'create', 'shop', '--project', 'shop', '--test', '--spend-limit', '5']);
  expect([made.code, made.out]).toEqual([0, expect.stringMatching(/^rm_test_\w+\n$/)]);
  const id = /key_\w+/.exec(made.err)?.[0] ?? '';
  const env = { RENDERMILL_API_KEY: made.out.trim() };
  expect((await rendermill(['status'], { env })).err).toContain('There are no batches yet');
  expect((await rendermill(['keys', 'list'])).out).toMatch(new RegExp(`^${id} +shop +shop .* of \\$5\\.00`, 'm'));
  const rotated = await rendermill(['keys', 'rotate', id, '--overlap-hours', '0']);
  expect(rotated.out).not.toBe(made.out);
  expect((await rendermill(['keys', 'revoke', made.out.trim()])).err).toContain('Name the id of the key');
  expect((await rendermill(['keys', 'revoke', id])).out).toBe(`${id} revoked\n`);
  expect((await rendermill(['status'], { env: { RENDERMILL_API_KEY: rotated.out.trim() } })).code).toBe(1);
});

test('open prints the address of a batch in the dashboard, which is served there', async () => {
  const { out } = await rendermill(['open', 'batch_1']);
  expect(out).toBe(`${world.url}/#/batches/batch_1\n`);
  expect((await fetch(out.trim())).headers.get('content-type')).toContain('text/html');
});

test('its page tells every command and every exit code', async () => {
  const page = await readFile(new URL('../../../docs/cli.md', import.meta.url), 'utf8');
  const { out: help } = await rendermill(['--help']);
  const [commands = '', codes = ''] = [help.split('\n\n')[1], help.split('Exit codes:\n')[1]];
  for (const line of commands.split('\n')) {
    const name = /^ {2}((?:webhooks |keys )?[a-z]+)/.exec(line)?.[1];
    expect(page).toContain(`rendermill ${name}`);
  }
  for (const line of codes.trim().split('\n')) expect(page).toContain(`| ${/\d+/.exec(line)?.[0]} `);
});
