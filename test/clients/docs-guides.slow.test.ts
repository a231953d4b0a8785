import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { endedBatch } from '../batch-calls.js';
import { createWorld, type World } from '../world.js';
import { canRun, examplePython, unpack } from './examples.js';
import { run, type Ran } from './run.js';
import { sha } from './support.js';

/** What docs/migrating.md and docs/costs.md tell to type, run as it stands there. */
const root = new URL('../../', import.meta.url);
let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(async () => world.close());

/** Blocks of a page by the comment over each. */
async function blocksOf(page: string): Promise<Map<string, string>> {
  const text = await readFile(new URL(page, root), 'utf8');
  const found = text.matchAll(/^ *<!-- ([^>]+) -->\n\n( *)```\w+\n(.*?)^\2```$/gms);
  return new Map([...found].map(([, title = '', , code = '']) => [title, code]));
}

const env = (): NodeJS.ProcessEnv => ({ RENDERMILL_URL: world.url, RENDERMILL_API_KEY: world.key });

describe('docs/migrating.md', () => {
  let blocks: Map<string, string>;
  beforeAll(async () => {
    blocks = await blocksOf('docs/migrating.md');
    expect([...blocks.keys()]).toEqual(['from a script', 'one batch', 'from a batch']);
  });

  /** A diff's new side. */
  const after = (title: string): string =>
    (blocks.get(title) ?? '')
      .split('\n')
      .filter((line) => !line.startsWith('-'))
      .map((line) => line.slice(1))
      .join('\n');

  async function javascript(title: string): Promise<Ran & { cwd: string }> {
    const cwd = await unpack(world, `node/${title === 'from a script' ? 'openai-sdk.mjs' : 'openai-batch.mjs'}`);
    await writeFile(join(cwd, 'script.mjs'), after(title));
    return { ...(await run(process.execPath, ['script.mjs'], { cwd, env: env() })), cwd };
  }

  test('the script after its change leaves a picture for each product, and buys nothing when it is started again', async () => {
    const { code, stderr, cwd } = await javascript('from a script');
    expect([code, stderr]).toEqual([0, '']);
    const bought = await world.simulator.ledger();
    const pictures = await Promise.all(['mug.png', 'teapot.png'].map(async (name) => readFile(join(cwd, name))));
    expect(bought.flatMap(({ sha256 }) => sha256).sort()).toEqual(pictures.map(sha).sort());
    const again = await run(process.execPath, ['script.mjs'], { cwd, env: env() });
    expect([again.code, again.stderr]).toEqual([0, '']);
    expect(await world.simulator.ledger()).toHaveLength(2);
  });

  test('the Batch API’s script after its change prints the answer of its line', async () => {
    const { code, stdout, stderr } = await javascript('from a batch');
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({ custom_id: 'SKU-1', response: { status_code: 200 } });
  });

  const python = { file: 'docs/migrating.md', args: [], makes: [], needs: 'requests' };
  (canRun(python) ? test : test.skip)('the batch in Python prints a row for each product', async () => {
    const { code, stdout, stderr } = await run(examplePython, ['-c', blocks.get('one batch') ?? ''], { env: env() });
    expect([code, stderr]).toEqual([0, '']);
    const [head, ...rows] = stdout.trim().split(/\r?\n/);
    expect(head).toMatch(/^custom_id,line,status/);
    expect(rows.sort()).toEqual([
      expect.stringMatching(/^mug,\d,completed/),
      expect.stringMatching(/^teapot,\d,completed/),
    ]);
  });
});

describe('docs/costs.md', () => {
  let blocks: Map<string, string>;
  beforeAll(async () => {
    blocks = await blocksOf('docs/costs.md');
    expect([...blocks.keys()]).toEqual(['estimate', 'max_cost', 'spend_limit', 'usage', 'unknown']);
  });

  async function answerOf<T>(title: string): Promise<T> {
    const cwd = fileURLToPath(root);
    const { code, stdout } = await run('sh', ['-eu', '-c', blocks.get(title) ?? ''], { cwd, env: env() });
    expect(code).toBe(0);
    return JSON.parse(stdout) as T;
  }

  test('its estimate is four times what a low square costs', async () => {
    const { images, cost } = await answerOf<{ images: number; cost: { min: number; max: number } }>('estimate');
    expect(images).toBe(4);
    // 272 tokens at 40 USD a million, and a little for the prompt.
    expect(cost.max).toBeGreaterThan(4 * 0.01088);
    expect(cost.max).toBeLessThan(4 * 0.012);
  });

  test('its batch ends within its budget, and its usage tells of it', async () => {
    const { id, cost } = await endedBatch(world, (await answerOf<{ id: string }>('max_cost')).id);
    expect(cost.actual).toBeLessThan(2);
    expect(id).toMatch(/^batch_/);
    const { total } = await answerOf<{ total: { images: number; cost: { total: number } } }>('usage');
    expect(total.images).toBeGreaterThan(0);
    expect(total.cost.total).toBeGreaterThan(0);
  });

  test('its key has the limit that it names, and the list of what may have been billed is a list', async () => {
    expect(await answerOf('spend_limit')).toMatchObject({ object: 'api_key', spend_limit: 20, spent: 0 });
    expect(await answerOf('unknown')).toMatchObject({ object: 'list', data: [] });
  });
});
