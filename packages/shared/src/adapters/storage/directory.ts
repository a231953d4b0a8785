import { randomUUID } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import type { FileFacts, ObjectFacts, ReadObject, Storage } from '../../ports/storage.js';
import { checkContentType, checkFacts, checkKey, checkPrefix, clipRange, type ByteRange } from './checks.js';
import { contentTypeOf } from './content-types.js';
import { keysOf } from './directory-list.js';
import { openToRead, pathsOf, readMetaFile, sizeOf, type Meta, type Paths } from './directory-paths.js';
import { givePath, makeFolder, removeFile, writeNewFile } from './durable-files.js';
import { directoryError } from './errno.js';
import { sourceErrorOf } from './source-error.js';
import { commit, isTaken, secure, settle, settleFound, stage, sweep, uncommit } from './write-once.js';

/** A directory that keeps the promises of a bucket: several processes may use it at once, any of them may die. */
export async function openDirectoryStorage(root: string, now: () => number = Date.now): Promise<Storage> {
  const storage = new DirectoryStorage(pathsOf(resolve(root)));
  await storage.open(now());
  return storage;
}

class DirectoryStorage implements Storage {
  readonly place: string;
  readonly #paths: Paths;

  constructor(paths: Paths) {
    this.#paths = paths;
    this.place = pathToFileURL(paths.root).href;
  }

  open(now: number): Promise<void> {
    return this.#explained('be opened', async () => {
      await makeFolder(this.#paths.staging);
      await sweep(this.#paths, now);
    });
  }

  async putOnce(key: string, file: string, facts: FileFacts): Promise<'stored' | 'exists'> {
    checkKey(key);
    const metadata = checkFacts(facts);
    return this.#explained(`store ${key}`, async () => {
      const there = await this.#meta(key);
      if (!there && !(await isTaken(this.#paths, key))) {
        const meta = await stage(this.#paths, key, file, facts, metadata);
        if (await commit(this.#paths, meta)) {
          await settle(this.#paths, meta);
          return 'stored';
        }
      }
      const winner = there ?? (await this.#meta(key));
      // A caller may rely on what it is told exists, so it must be as durable as what it stores.
      if (winner) await secure(this.#paths, winner);
      return 'exists';
    });
  }

  async put(key: string, body: Uint8Array | Readable, contentType: string): Promise<void> {
    checkKey(key);
    checkContentType(contentType);
    const staged = this.#paths.staged(randomUUID());
    try {
      await writeNewFile(staged, body);
      const once = await this.#meta(key);
      if (once) await uncommit(this.#paths, once);
      const path = this.#paths.object(key);
      await givePath(path, () => rename(staged, path));
    } catch (error) {
      await rm(staged, { force: true });
      throw sourceErrorOf(body) ?? directoryError(this.place, `write ${key}`, error);
    }
  }

  async head(key: string): Promise<ObjectFacts | null> {
    checkKey(key);
    return this.#explained(`look for ${key}`, async () => {
      const bytes = await this.#placed(key, (path) => sizeOf(path));
      return bytes === null ? null : factsOf(key, bytes, await this.#meta(key));
    });
  }

  async get(key: string, range?: ByteRange): Promise<ReadObject | null> {
    checkKey(key);
    return this.#explained(`read ${key}`, async () => {
      const handle = await this.#placed(key, openToRead);
      if (!handle) return null;
      try {
        const { size } = await handle.stat();
        const part = range ? clipRange(range, size) : {};
        return { facts: factsOf(key, size, await this.#meta(key)), body: handle.createReadStream(part) };
      } catch (error) {
        await handle.close();
        throw error;
      }
    });
  }

  async *list(prefix: string): AsyncGenerator<{ readonly key: string; readonly bytes: number }> {
    checkPrefix(prefix);
    try {
      for await (const key of keysOf(this.#paths.root, prefix)) {
        const bytes = await this.#placed(key, (path) => sizeOf(path));
        if (bytes !== null) yield { key, bytes };
      }
    } catch (error) {
      throw directoryError(this.place, `list ${prefix}`, error);
    }
  }

  async delete(key: string): Promise<void> {
    checkKey(key);
    return this.#explained(`delete ${key}`, async () => {
      const meta = await this.#meta(key);
      if (meta) await uncommit(this.#paths, meta);
      const path = this.#paths.object(key);
      if ((await sizeOf(path)) !== null) await removeFile(path);
    });
  }

  async presign(key: string): Promise<null> {
    checkKey(key);
    return null;
  }

  check(): Promise<void> {
    return this.#explained('be written', async () => {
      const probe = this.#paths.staged(randomUUID());
      try {
        await writeNewFile(probe, 'ok');
      } finally {
        await rm(probe, { force: true });
      }
    });
  }

  async close(): Promise<void> {}

  #meta(key: string): Promise<Meta | null> {
    return readMetaFile(this.#paths.meta(key));
  }

  /**
   * Looks at an object, which is settled first where only its commit is there. The metadata is read after this and
   * not before: an object that is seen has had its metadata for longer.
   */
  async #placed<T>(key: string, look: (path: string) => Promise<T | null>): Promise<T | null> {
    const path = this.#paths.object(key);
    const found = await look(path);
    if (found !== null) return found;
    const meta = await this.#meta(key);
    if (!meta) return null;
    await settleFound(this.#paths, meta);
    return look(path);
  }

  async #explained<T>(doing: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw directoryError(this.place, doing, error);
    }
  }
}

function factsOf(key: string, bytes: number, meta: Meta | null): ObjectFacts {
  // Another length: a record was written over the object while we looked.
  if (meta?.bytes === bytes) return { key, bytes, contentType: meta.contentType, metadata: meta.metadata };
  return { key, bytes, contentType: contentTypeOf(key) ?? 'application/octet-stream', metadata: {} };
}
