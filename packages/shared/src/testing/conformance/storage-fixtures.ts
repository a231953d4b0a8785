import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { StorageError, type FileFacts, type ReadObject, type Storage, type StorageFault } from '../../ports/storage.js';

/** What the tests of one store share. */
export interface StorageWorld {
  readonly storage: Storage;
  /** A folder for local files. */
  readonly folder: string;
  /** A key that nobody else uses. */
  readonly key: (ending: string) => string;
}

export interface LocalFile {
  readonly path: string;
  readonly bytes: Buffer;
  readonly facts: FileFacts;
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A local file of random bytes and what is true of it. */
export async function localFile(
  folder: string,
  length = 100_000,
  metadata: Readonly<Record<string, string>> = {},
): Promise<LocalFile> {
  const bytes = randomBytes(length);
  const path = join(folder, randomUUID());
  await writeFile(path, bytes);
  return { path, bytes, facts: { contentType: 'image/png', bytes: length, sha256: sha256Of(bytes), metadata } };
}

export async function read(storage: Storage, key: string, range?: { start: number; end: number }): Promise<Buffer> {
  const found = await storage.get(key, range);
  if (!found) throw new Error(`nothing lies under ${key}`);
  return bytesOf(found);
}

export function bytesOf(found: ReadObject): Promise<Buffer> {
  return buffer(found.body);
}

export async function keysOf(storage: Storage, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of storage.list(prefix)) keys.push(key);
  return keys;
}

/** How a call failed: the fault of its StorageError. Anything else is thrown as it came. */
export async function faultOf(call: Promise<unknown>): Promise<StorageFault | 'none'> {
  try {
    await call;
    return 'none';
  } catch (error) {
    if (error instanceof StorageError) return error.fault;
    throw error;
  }
}

/** What a call was refused with as its caller's mistake: the message of an error that is no StorageError. */
export async function refusalOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'not refused';
  } catch (error) {
    if (error instanceof Error && !(error instanceof StorageError)) return error.message;
    throw error;
  }
}
