import { open, readFile, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { StorageError } from '../../ports/storage.js';
import { reserved } from './checks.js';
import { ignore } from './errno.js';

/** Where a directory store keeps what: objects under their key, and beside them two folders of its own. */
export interface Paths {
  readonly root: string;
  /** Unfinished files under random names. */
  readonly staging: string;
  object(key: string): string;
  /** The metadata of an object that was stored once. Its existence is the fact that the key is taken. */
  meta(key: string): string;
  staged(name: string): string;
  /** Metadata that is not committed, or whose object has not got its place yet. */
  draft(name: string): string;
}

export function pathsOf(root: string): Paths {
  const staging = join(root, reserved.staging);
  return {
    root,
    staging,
    object: (key) => join(root, key),
    meta: (key) => join(root, reserved.meta, `${key}.json`),
    staged: (name) => join(staging, name),
    draft: (name) => join(staging, `${name}.json`),
  };
}

const metaSchema = z.object({
  key: z.string(),
  contentType: z.string(),
  bytes: z.number(),
  sha256: z.string(),
  metadata: z.record(z.string(), z.string()),
  /** Name of the bytes in `.staging/` until they have their place. */
  staging: z.string(),
});

export type Meta = z.output<typeof metaSchema>;

/** Under a key that continues another object's key lies nothing: there a file is where a folder would have to be. */
const ignoreNoFolder = ignore('ENOTDIR');

export async function readMetaFile(path: string): Promise<Meta | null> {
  const text = await readFile(path, 'utf8').catch(ignore('ENOENT')).catch(ignoreNoFolder);
  if (text === undefined) return null;
  try {
    return metaSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new StorageError('denied', `${path} is damaged: it is not what this store writes`, error);
  }
}

/** Bytes of a file, or null where there is none. */
export async function sizeOf(path: string): Promise<number | null> {
  const found = await stat(path).catch(ignore('ENOENT')).catch(ignoreNoFolder);
  return found?.isFile() ? found.size : null;
}

export async function openToRead(path: string): Promise<FileHandle | null> {
  const handle = await open(path, 'r').catch(ignore('ENOENT')).catch(ignoreNoFolder);
  if (!handle) return null;
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  return null;
}
