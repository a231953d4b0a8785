import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import { startSimulatorProcess, type SimulatorProcess } from '../../../test/simulator.js';
import { ending, tempDir, until } from './helpers.js';

/** `npm run demo` as a newcomer runs it, in a folder of its own; with a provider it is one that keeps its own books. */

// Each starts Redis, API and worker; where the system has no Redis the first one brings it.
jest.setTimeout(120_000);
const program = fileURLToPath(new URL('../dist/demo.js', import.meta.url));
let provider: SimulatorProcess;
let calls = 0;
const patience = 100_000;
beforeAll(async () => {
  provider = await startSimulatorProcess();
});
afterEach(async () => {
  calls = (await provider.ledger()).length;
});
afterAll(async () => provider.close());

interface Demo {
  readonly child: ChildProcess;
  readonly folder: string;
  /** All that it has said so far. */
  readonly said: () => string;
  readonly ended: Promise<number | null>;
}

async function demo(env: NodeJS.ProcessEnv = {}): Promise<Demo> {
  const cwd = await tempDir();
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [program], { cwd, env: { PATH, HOME, ...env }, stdio: ['ignore', 'pipe', 2] });
  if (child.pid !== undefined) ending(child.pid);
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return { child, folder: join(cwd, 'rendermill-demo'), said: () => text, ended };
}

/** The environment of somebody with an account at that provider. */
async function withAccount(fields: Record<string, unknown> = {}): Promise<NodeJS.ProcessEnv> {
  const account = { id: 'shop', preset: 'openai', base_url: provider.url, api_key: '${SHOP_KEY}', ...fields };
  const path = join(await tempDir(), 'config.json');
  await writeFile(path, JSON.stringify({ providers: [account] }));
  return { RENDERMILL_CONFIG: path, SHOP_KEY: 'sk-test-0000' };
}

const bought = async (): Promise<number> => (await provider.ledger()).length - calls;

test('without a provider key a catalogue becomes pictures, manifest and contact sheet, and its end is told and verified', async () => {
  const { folder, said, ended } = await demo();
  expect(await ended).toBe(0);
  expect(said()).toContain('rendermill-demo/data/simulated/');
  expect(said()).toContain('No provider key found: rendering with the built-in simulator, nothing is spent.');
  expect(said()).toMatch(/ Pictures +12 of 12, in .*rendermill-demo\/images\n/);
  expect(said()).toMatch(/ Cost +\$0\.\d{4} at list price; simulated, nothing was spent\n/);
  expect(said()).toMatch(/ Webhook +batch\.completed received, its signature verified\n/);
  expect(said()).toMatch(/ Time +\d.* from submission to the webhook/);

  const manifest = (await readFile(join(folder, 'manifest.jsonl'), 'utf8')).trim().split('\n');
  const rows = manifest.map((line) => JSON.parse(line) as Record<string, string | null>);
  expect(rows.map(({ custom_id }) => custom_id)).toEqual(expect.arrayContaining(['NK-MUG-350-TEAL', 'ML-APRON-RUST']));
  const sheet = await readFile(join(folder, 'contact-sheet.html'), 'utf8');
  for (const { file, sha256, title, prompt, key, status, error } of rows) {
    const bytes = await readFile(join(folder, file ?? ''));
    expect([status, error, createHash('sha256').update(bytes).digest('hex')]).toEqual(['completed', null, sha256]);
    expect(key).toMatch(/^default\/batches\/batch_\w+\/images\/\d{7}\/0\.png$/);
    expect(prompt).toContain(`Studio product photograph: ${title}.`);
    expect(sheet).toContain(`<img src="${file}"`);
  }
  expect(await readdir(join(folder, 'images'))).toHaveLength(12);
  expect(await bought()).toBe(0);
});

test('with a provider key it says what it would cost, and spends nothing without a yes', async () => {
  const { said, ended } = await demo(await withAccount());
  expect(await ended).toBe(1);
  expect(said()).toMatch(
    /This renders 12 pictures with gpt-image-\S+ by the account shop for about \$0\.\d{3}, and stops at \$0\.\d\d\./,
  );
  expect(said()).toContain('RENDERMILL_DEMO_SPEND=yes npm run demo');
  // Not what a killed run with the simulator may have left undone.
  expect(said()).toContain('rendermill-demo/data/paid/');
  expect(await bought()).toBe(0);
});

test('a price that is not known is told as that, with what to configure', async () => {
  const { said, ended } = await demo(await withAccount({ preset: 'openai-compatible' }));
  expect(await ended).toBe(1);
  expect(said()).toMatch(/at a price that is not known\. Line 1 \('NK-MUG-350-TEAL'\): What '.*' costs is not known/);
  expect(await bought()).toBe(0);
});

test('with RENDERMILL_DEMO_SPEND=yes each product is bought once', async () => {
  const { said, ended } = await demo({ ...(await withAccount()), RENDERMILL_DEMO_SPEND: 'yes' });
  expect([await ended, await bought()]).toEqual([0, 12]);
  expect(said()).toMatch(/ Pictures +12 of 12/);
  expect(said()).not.toContain('simulated');
});

test('a product that the provider refuses is named, the others are there, and the exit code is 1', async () => {
  const when = { promptIncludes: 'Alder Desk Lamp' };
  await provider.faults([{ when, fault: { kind: 'moderation_blocked' } }]);
  const { said, ended, folder } = await demo({ ...(await withAccount()), RENDERMILL_DEMO_SPEND: 'yes' });
  expect(await ended).toBe(1);
  await provider.faults([]);
  expect(said()).toMatch(/ Pictures +11 of 12/);
  expect(said()).toMatch(/ Failed +LO-LAMP-ALDER: moderation_blocked: /);
  expect(await readdir(join(folder, 'images'))).toHaveLength(11);
});

test('Ctrl-C cancels the batch: calls in flight end, no more are made', async () => {
  await provider.faults([{ fault: { kind: 'hang_before_headers' } }]);
  const account = await withAccount({ limits: { concurrency: 2 } });
  const { child, said, ended } = await demo({ ...account, RENDERMILL_DEMO_SPEND: 'yes' });
  await until('calls are held', async () => (await provider.stats()).held === 2, patience);
  child.kill('SIGINT');
  await until('the batch is cancelled', () => /The batch batch_\w+ is cancelled/.test(said()), patience);
  await provider.faults([]);
  await provider.release();
  expect(await ended).toBe(1);
  expect(await bought()).toBe(2);
});
