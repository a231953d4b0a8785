import { access, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { endedBatch } from '../batch-calls.js';
import { createWorld, type World } from '../world.js';
import { unpack } from './examples.js';
import { run, type Ran } from './run.js';

/** What README.md tells a newcomer to type, run as it stands. `npm run demo` has tests of its own; the other commands of npm are run by CI. */
let world: World;
let readme: string;

beforeAll(async () => {
  readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  world = await createWorld();
});
afterAll(async () => world.close());

/** The one block of this language that has `text` in it. */
function block(language: string, text: string): string {
  const found = [...readme.matchAll(/^```(\w+)\n(.*?)^```$/gms)].filter(
    ([, its, code]) => its === language && code?.includes(text),
  );
  expect(found.map(([, , code]) => code)).toHaveLength(1);
  return found[0]?.[2] ?? '';
}

interface Link {
  readonly url: string;
}

async function isPicture(url: string): Promise<void> {
  const response = await fetch(url);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'image/png']);
  expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(1_000);
}

const env = (): NodeJS.ProcessEnv => ({ RENDERMILL_URL: world.url, RENDERMILL_API_KEY: world.key });
const root = fileURLToPath(new URL('../..', import.meta.url));
const shell = async (code: string): Promise<Ran> => run('sh', ['-eu', '-c', code], { cwd: root, env: env() });

async function javascript(name: string, code: string): Promise<Ran> {
  const cwd = await unpack(world, `node/${name}`);
  await writeFile(join(cwd, 'readme.mjs'), code);
  return run(process.execPath, ['readme.mjs'], { cwd, env: env() });
}

test('its first curl answers with a link to a picture', async () => {
  const { code, stdout } = await shell(block('sh', '/v1/images/generations'));
  expect(code).toBe(0);
  const answer = JSON.parse(stdout) as { data: { url: string }[] };
  await isPicture(answer.data[0]?.url ?? '');
});

test('its lines for the OpenAI SDK print a link to a picture', async () => {
  const { code, stdout, stderr } = await javascript('openai-sdk.mjs', block('js', 'images.generate'));
  expect([code, stderr]).toEqual([0, '']);
  await isPicture(stdout.trim());
});

test('its batch by the OpenAI SDK prints a line with a link to a picture for each product', async () => {
  const { code, stdout, stderr } = await javascript('openai-batch.mjs', block('js', 'batches.create'));
  expect([code, stderr]).toEqual([0, '']);
  const lines = stdout.trim().split('\n');
  const rows = lines.map((line) => JSON.parse(line) as { custom_id: string; response: { body: { data: [Link] } } });
  expect(rows.map(({ custom_id }) => custom_id).sort()).toEqual(['SKU-0', 'SKU-1']);
  for (const { response } of rows) await isPicture(response.body.data[0].url);
});

test('its catalogue becomes a batch of a picture for each product, within its budget', async () => {
  const { code, stdout } = await shell(block('sh', '/v1/batches'));
  expect(code).toBe(0);
  const { status, request_counts, cost } = await endedBatch(world, (JSON.parse(stdout) as { id: string }).id);
  expect([status, request_counts]).toEqual(['completed', { total: 12, completed: 12, failed: 0, cancelled: 0 }]);
  expect(cost.actual).toBeLessThan(2);
});

test('its command line has the catalogue planned, rendered and fetched', async () => {
  const cwd = join(world.dir, 'checkout');
  await mkdir(cwd);
  for (const name of ['examples', 'node_modules']) await symlink(join(root, name), join(cwd, name));
  const home = { HOME: cwd, XDG_CONFIG_HOME: cwd };
  const { code, stdout } = await run('sh', ['-eu', '-c', block('sh', 'rendermill login')], {
    cwd,
    env: { ...env(), ...home },
  });
  expect(code).toBe(0);
  expect(stdout).toContain('Studio product photograph: Fjord Stoneware Mug');
  const [, total] = /completed: (\d+) of \1 lines completed/.exec(stdout) ?? [];
  expect(Number(total)).toBeGreaterThan(1);
  const pictures = await readdir(join(cwd, 'pictures'));
  expect(pictures).toHaveLength(Number(total));
  expect(pictures).toContain('fjord-stoneware-mug-0.png');
});

test('its job is taken, and the same job when it is sent again', async () => {
  const command = block('sh', 'Idempotency-Key');
  const [first, second] = [await shell(command), await shell(command)];
  expect([first.code, second.code]).toEqual([0, 0]);
  const job = JSON.parse(first.stdout) as { id: string; object: string; custom_id: string };
  expect(job).toMatchObject({ object: 'job', custom_id: 'SKU-1042' });
  expect((JSON.parse(second.stdout) as { id: string }).id).toBe(job.id);
});

test('every file that it links to is there', async () => {
  const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, path]) => path ?? '');
  expect(links.length).toBeGreaterThan(5);
  for (const link of links) await access(new URL(`../../${link}`, import.meta.url));
});
