import { execFileSync } from 'node:child_process';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { World } from '../world.js';
import { run, type Ran } from './run.js';
import { picture } from './support.js';

/** Every script under examples/ that runs to its end, what it is given, and the files that it leaves. */
export interface Example {
  readonly file: string;
  readonly args: readonly string[];
  readonly makes: readonly string[];
  /** Files of its folder that it is run with. */
  readonly beside?: readonly string[];
  /** Python modules without which it cannot run. */
  readonly needs?: string;
}

export const examples: readonly Example[] = [
  { file: 'node/openai-sdk.mjs', args: [], makes: ['mug.png', 'mug-blue.png'] },
  { file: 'node/openai-batch.mjs', args: [], makes: ['SKU-1.png', 'SKU-2.png', 'SKU-3.png'] },
  { file: 'node/jobs.mjs', args: [], makes: ['lamp-0.png', 'lamp-1.png'] },
  { file: 'curl/generate.sh', args: [], makes: ['vase.png'] },
  { file: 'curl/edit.sh', args: ['photo.png', 'two words.png'], makes: ['scene.png'] },
  { file: 'curl/job.sh', args: [], makes: ['chair.png'] },
  {
    file: 'catalogues/catalogue.sh',
    args: ['shopify-products.csv', 'studio-photos.json'],
    beside: ['shopify-products.csv', 'studio-photos.json'],
    makes: Array.from({ length: 12 }, (_, i) => `product-${i + 1}.png`),
  },
  { file: 'python/requests_generate.py', args: [], makes: ['mug.png'], needs: 'requests' },
  { file: 'python/requests_edit.py', args: ['photo.png'], makes: ['try-on.png'], needs: 'requests' },
  { file: 'python/requests_jobs.py', args: [], makes: ['poster.webp'], needs: 'requests' },
  {
    file: 'python/aiohttp_gather.py',
    args: [],
    makes: ['style-0.png', 'style-1.png', 'style-2.png', 'style-3.png', 'style-4.png'],
    needs: 'aiohttp',
  },
  { file: 'python/aiohttp_chunked.py', args: ['photo.png'], makes: ['night.png'], needs: 'aiohttp' },
  { file: 'python/openai_sdk.py', args: [], makes: ['mug.png', 'mug-blue.png'], needs: 'openai' },
];

export const folder = fileURLToPath(new URL('../../examples', import.meta.url));
const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));

/** Debian's own Python, for which distributions package requests and aiohttp. */
export const examplePython = process.env['TEST_PYTHON'] ?? '/usr/bin/python3';
const programs: Record<string, string> = { '.mjs': process.execPath, '.sh': 'sh', '.py': examplePython };

/** True where this machine has what the example needs; where not, it is said aloud. */
export function canRun({ file, needs }: Example): boolean {
  if (needs === undefined) return true;
  try {
    execFileSync(examplePython, ['-c', `import ${needs}`], { stdio: 'pipe' });
    return true;
  } catch {
    process.stderr.write(`PYTHON PART NOT RUN: ${file} needs ${examplePython} with the module ${needs}\n`);
    return false;
  }
}

/**
 * A folder as its reader would have it: the script, photos, and for Node the packages under the names of the registry.
 * (This repository has several versions of `openai` under other names: the newest gets its own name back by a link.)
 */
export async function unpack(world: World, file: string, beside: readonly string[] = []): Promise<string> {
  const cwd = join(world.dir, 'examples', file);
  await mkdir(join(cwd, 'node_modules'), { recursive: true });
  for (const name of [basename(file), ...beside]) await cp(join(folder, dirname(file), name), join(cwd, name));
  await symlink(join(modules, 'openai7'), join(cwd, 'node_modules', 'openai'));
  await symlink(join(modules, 'standardwebhooks'), join(cwd, 'node_modules', 'standardwebhooks'));
  await writeFile(join(cwd, 'photo.png'), await picture(64));
  await writeFile(join(cwd, 'two words.png'), await picture(80));
  return cwd;
}

/** Runs an example with two variables set and nothing else changed. */
export async function runExample(world: World, { file, args, beside }: Example): Promise<Ran & { cwd: string }> {
  const cwd = await unpack(world, file, beside);
  const env = { RENDERMILL_URL: world.url, RENDERMILL_API_KEY: world.key };
  const ran = await run(programs[extname(file)] ?? '', [basename(file), ...args], { cwd, env });
  return { ...ran, cwd };
}
