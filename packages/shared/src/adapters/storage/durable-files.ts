import { mkdir, open, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { errnoOf, ignore } from './errno.js';

/**
 * File operations that survive a power cut. A file's bytes are durable after an fsync of the file, and its name
 * after one of the folder that holds it.
 */

/** Makes the names in a folder durable: what was linked, renamed, made or removed there. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Runs what gives a path its name, and makes that name durable. The folder is made where it is missing. */
export async function givePath(path: string, name: () => Promise<void>): Promise<void> {
  const folder = dirname(path);
  try {
    await name();
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    await makeFolder(folder);
    await name();
  }
  await syncFolder(folder);
}

/** Makes a folder and what is missing above it. One that somebody else is making just now is synced here as well. */
export function makeFolder(folder: string): Promise<void> {
  return givePath(folder, () => mkdir(folder).catch(ignore('EEXIST')));
}

/** Writes a new file with durable bytes; its name is made durable by whoever needs it. */
export async function writeNewFile(path: string, body: string | Uint8Array | Readable): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    await writeFile(handle, body);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes a file durably, where there is one. */
export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    return;
  }
  await syncFolder(dirname(path));
}
