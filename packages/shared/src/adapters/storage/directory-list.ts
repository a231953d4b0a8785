import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isReserved, reserved } from './checks.js';
import { errnoOf } from './errno.js';

/**
 * Keys of a directory store that begin with a prefix, in the order of their characters. Only folders that can hold
 * such keys are read. The metadata is walked beside the objects, so that a commit without an object is found too.
 */
export async function* keysOf(root: string, prefix: string): AsyncGenerator<string> {
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  yield* walk(root, folder, prefix.slice(folder.length));
}

/** `folder` is empty or ends in `/`; `begins` is the beginning of what is wanted in it. */
async function* walk(root: string, folder: string, begins: string): AsyncGenerator<string> {
  const [objects, metas] = await Promise.all([namesIn(join(root, folder)), namesIn(join(root, reserved.meta, folder))]);
  const names = new Set(objects);
  for (const name of metas) names.add(name.replace(/\.json$/, ''));
  // A folder counts as its name with `/`, since so do the keys in it: `a-b` comes before `a/b`.
  const wanted = [...names]
    .filter((name) => name.startsWith(begins) && !(folder === '' && isReserved(name)))
    .toSorted();
  for (const name of wanted) {
    if (name.endsWith('/')) yield* walk(root, folder + name, '');
    else yield folder + name;
  }
}

/** What lies in a folder; folders with `/` behind their name. */
async function namesIn(path: string): Promise<string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name));
  } catch (error) {
    const code = errnoOf(error);
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
    return [];
  }
}
