import { randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import { link, open, readdir, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StorageError, type FileFacts } from '../../ports/storage.js';
import { readMetaFile, sizeOf, type Meta, type Paths } from './directory-paths.js';
import { givePath, makeFolder, removeFile, syncFolder, writeNewFile } from './durable-files.js';
import { errnoOf, ignore } from './errno.js';
import { checkBytes, checkLength, linkOrCopy } from './local-file.js';

/**
 * How a directory stores an object once, with its metadata, whatever dies when:
 *
 * 1. stage: bytes and metadata lie durable in `.staging/`, under a random name and the same with `.json`;
 * 2. commit: the metadata gets its second name `.meta/{key}.json`. A link is exclusive, so one writer wins;
 * 3. settle: the bytes get their second name `{key}`, and the names in `.staging/` go.
 *
 * Whoever finds a commit that was not settled settles it, so a reader never sees the one without the other.
 */

/**
 * True where a file has the key's place. Throws where the place cannot be had, which must show before the commit:
 * one that nobody can settle would stand for ever.
 */
export async function isTaken(paths: Paths, key: string): Promise<boolean> {
  const path = paths.object(key);
  const found = await statOf(path);
  if (found?.isDirectory()) throw new StorageError('denied', `${path} is a folder of other keys`);
  if (!found && !(await statOf(dirname(path)))) {
    // Folders are made in a store, and not where one has been: a disk that is not mounted.
    await stat(paths.staging);
    await makeFolder(dirname(path));
  }
  return found !== undefined;
}

/** Step 1. On failure nothing is left. */
export async function stage(
  paths: Paths,
  key: string,
  file: string,
  facts: FileFacts,
  metadata: Meta['metadata'],
): Promise<Meta> {
  const { contentType, bytes, sha256 } = facts;
  const meta: Meta = { key, contentType, bytes, sha256, metadata, staging: randomUUID() };
  try {
    await linkOrCopy(file, paths.staged(meta.staging));
    const handle = await open(paths.staged(meta.staging), 'r');
    try {
      await checkLength(handle, facts);
      await checkBytes(handle, facts);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await writeNewFile(paths.draft(meta.staging), JSON.stringify(meta));
    await syncFolder(paths.staging);
    return meta;
  } catch (error) {
    await unstage(paths, meta.staging);
    throw error;
  }
}

/** Step 2. False where another writer was first; true is final. */
export async function commit(paths: Paths, meta: Meta): Promise<boolean> {
  const path = paths.meta(meta.key);
  try {
    await givePath(path, () => link(paths.draft(meta.staging), path));
    return true;
  } catch (error) {
    // After any other error the commit may stand or not (a network file system): what is staged must stay.
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
  // NFS repeats a request whose answer was lost, and then reports our own link as somebody's.
  if ((await readMetaFile(path))?.staging === meta.staging) return true;
  await unstage(paths, meta.staging);
  return false;
}

/** Step 3, after a commit that is durable. */
export async function settle(paths: Paths, meta: Meta): Promise<void> {
  const path = paths.object(meta.key);
  // EEXIST: it has its place. ENOENT: that, and what was staged is gone as well.
  await givePath(path, () => link(paths.staged(meta.staging), path).catch(ignore('EEXIST'))).catch(ignore('ENOENT'));
  await unstage(paths, meta.staging);
}

/** Step 3 for a commit that was found, by anybody and any number of times. */
export async function settleFound(paths: Paths, meta: Meta): Promise<void> {
  // Its writer may not have come to this, and a power cut must not leave the object without its metadata.
  await syncFolder(dirname(paths.meta(meta.key)));
  await settle(paths, meta);
}

/** Settles what somebody else committed, and waits until it would survive a power cut like our own. */
export async function secure(paths: Paths, meta: Meta): Promise<void> {
  await settleFound(paths, meta);
  await syncFolder(dirname(paths.object(meta.key)));
  if ((await sizeOf(paths.object(meta.key))) !== null) return;
  if ((await readMetaFile(paths.meta(meta.key)))?.staging !== meta.staging) return; // deleted meanwhile
  throw new StorageError(
    'denied',
    `${paths.object(meta.key)} was removed by hand; remove ${paths.meta(meta.key)} as well`,
  );
}

/** Forgets a commit, so that what lies under the key is a record again or nothing. */
export async function uncommit(paths: Paths, meta: Meta): Promise<void> {
  // Settled first: a reader that has seen the commit could bring the bytes back later.
  await settleFound(paths, meta);
  await removeFile(paths.meta(meta.key));
}

async function unstage(paths: Paths, name: string): Promise<void> {
  // The draft goes last: it says whose bytes those are.
  await rm(paths.staged(name), { force: true });
  await rm(paths.draft(name), { force: true });
}

/** No upload takes as long, so what is older was left by a crash. */
const staleMs = 24 * 3_600_000;

/** Settles or removes what crashes left in `.staging/`. */
export async function sweep(paths: Paths, now: number): Promise<void> {
  const names = (await readdir(paths.staging)).map((name) => name.replace(/\.json$/, ''));
  for (const name of new Set(names)) {
    const found = (await statOf(paths.draft(name))) ?? (await statOf(paths.staged(name)));
    // The change time: a hard link keeps the modification time of the file that it was made from.
    if (!found || now - found.ctimeMs < staleMs) continue;
    const draft = await readMetaFile(paths.draft(name)).catch(nullWhereHalfWritten);
    const committed = draft && (await readMetaFile(paths.meta(draft.key)));
    await (committed?.staging === name ? settleFound(paths, committed) : unstage(paths, name));
  }
}

function statOf(path: string): Promise<Stats | undefined> {
  return stat(path).catch(ignore('ENOENT'));
}

/** What was committed had been durable before. */
function nullWhereHalfWritten(error: unknown): null {
  if (error instanceof StorageError) return null;
  throw error;
}
