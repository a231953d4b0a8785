import { link, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { directoryError } from '../src/adapters/storage/errno.js';
import { openDirectoryStorage } from '../src/adapters/storage/directory.js';
import type { Storage } from '../src/ports/storage.js';
import { describeStorage } from '../src/testing/conformance/storage.js';
import { faultOf, keysOf, localFile, read, sha256Of } from '../src/testing/conformance/storage-fixtures.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rendermill-directory-'));
});
afterAll(() => rm(folder, { recursive: true }));

describeStorage('The directory store', () => openDirectoryStorage(join(folder, 'conformance', 'deep')));

const day = 24 * 3_600_000;
let root = '';
let storage: Storage;
beforeEach(async () => {
  root = await mkdtemp(join(folder, 'store-'));
  storage = await openDirectoryStorage(root);
});

const key = 'default/jobs/2026/11/21/job_1/0.png';
const metadata = { job: 'job_1', attempt: '1' };

/** What a writer leaves that dies after a step of {@link Storage.putOnce}, written down by hand. */
async function crashAfter(step: 'stage' | 'commit', bytes = Buffer.from('the bytes of a picture')): Promise<Buffer> {
  const sha256 = sha256Of(bytes);
  const meta = {
    key,
    contentType: 'image/png',
    bytes: bytes.length,
    sha256,
    metadata: { sha256, ...metadata },
    staging: 'left',
  };
  await writeFile(join(root, '.staging', 'left'), bytes);
  await writeFile(join(root, '.staging', 'left.json'), JSON.stringify(meta));
  if (step === 'commit') {
    const path = join(root, '.meta', `${key}.json`);
    await mkdir(dirname(path), { recursive: true });
    await link(join(root, '.staging', 'left.json'), path);
  }
  return bytes;
}

describe('A writer that died between the commit and the object', () => {
  test('is finished by head', async () => {
    const bytes = await crashAfter('commit');
    expect(await storage.head(key)).toMatchObject({ bytes: bytes.length, contentType: 'image/png', metadata });
    expect(await readdir(join(root, '.staging'))).toEqual([]);
    expect(await readFile(join(root, key))).toEqual(bytes);
  });

  test('is finished by get', async () => {
    const bytes = await crashAfter('commit');
    expect(await read(storage, key)).toEqual(bytes);
  });

  test('is finished by list', async () => {
    await crashAfter('commit');
    expect(await keysOf(storage, 'default/jobs/2026/11/21/job_1/0.')).toEqual([key]);
    expect((await storage.head(key))?.metadata).toMatchObject(metadata);
  });

  test('is finished by the next putOnce, which is told that the object exists', async () => {
    const bytes = await crashAfter('commit');
    const other = await localFile(folder);
    expect(await storage.putOnce(key, other.path, other.facts)).toBe('exists');
    expect(await read(storage, key)).toEqual(bytes);
  });

  test('is finished by several at once', async () => {
    const bytes = await crashAfter('commit');
    const second = await openDirectoryStorage(root);
    const reads = await Promise.all([storage, second, storage, second].map((store) => read(store, key)));
    expect(reads).toEqual([bytes, bytes, bytes, bytes]);
  });

  test('is undone by delete and by a record of the same key', async () => {
    await crashAfter('commit');
    await storage.delete(key);
    expect(await storage.head(key)).toBeNull();
    await crashAfter('commit');
    await storage.put(key, Buffer.from('a record'), 'image/png');
    expect(await storage.head(key)).toMatchObject({ bytes: 8, metadata: {} });
  });

  test('is finished a day later when the store is opened', async () => {
    const bytes = await crashAfter('commit');
    await openDirectoryStorage(root, () => Date.now() + 2 * day);
    expect(await readFile(join(root, key))).toEqual(bytes);
    expect(await readdir(join(root, '.staging'))).toEqual([]);
  });
});

describe('A writer that died before the commit', () => {
  test('has stored nothing, and the key is free', async () => {
    await crashAfter('stage');
    expect(await storage.head(key)).toBeNull();
    expect(await keysOf(storage, '')).toEqual([]);
    const other = await localFile(folder);
    expect(await storage.putOnce(key, other.path, other.facts)).toBe('stored');
  });

  test('leaves files that are removed after a day, half-written ones too', async () => {
    await crashAfter('stage');
    await writeFile(join(root, '.staging', 'half.json'), '{"key":');
    await writeFile(join(root, '.staging', 'record'), 'half a rec');
    // The age of the file that was linked says nothing.
    await utimes(join(root, '.staging', 'left'), new Date(0), new Date(0));
    await openDirectoryStorage(root);
    expect(await readdir(join(root, '.staging'))).toHaveLength(4);
    await openDirectoryStorage(root, () => Date.now() + 2 * day);
    expect(await readdir(join(root, '.staging'))).toEqual([]);
  });
});

test('a finished write leaves nothing in the staging folder', async () => {
  const file = await localFile(folder);
  await storage.putOnce(key, file.path, file.facts);
  await storage.putOnce(key, file.path, file.facts);
  await storage.put('default/job.json', Buffer.from('{}'), 'application/json');
  await storage.check();
  expect(await readdir(join(root, '.staging'))).toEqual([]);
});

test('a file on the same file system is linked, and one elsewhere or behind a symbolic link is stored as well', async () => {
  const file = await localFile(folder);
  await storage.putOnce('a.png', file.path, file.facts);
  expect((await stat(join(root, 'a.png'))).ino).toBe((await stat(file.path)).ino);
  await symlink(file.path, join(folder, 'symbolic'));
  await storage.putOnce('b.png', join(folder, 'symbolic'), file.facts);
  expect((await stat(join(root, 'b.png'))).isFile()).toBe(true);
  await rm(join(folder, 'symbolic'));
  // On most Linux machines another file system; elsewhere this repeats the first case.
  const elsewhere = await mkdtemp(
    join((await stat('/dev/shm').catch(() => null)) ? '/dev/shm' : folder, 'rendermill-'),
  );
  const far = await localFile(elsewhere);
  await storage.putOnce('c.png', far.path, far.facts);
  const wrong = { ...far.facts, sha256: file.facts.sha256 };
  expect(await faultOf(storage.putOnce('d.png', far.path, wrong))).toBe('mismatch');
  await rm(elsewhere, { recursive: true });
  expect(sha256Of(await read(storage, 'c.png'))).toBe(far.facts.sha256);
});

test('a record has the content type of its ending', async () => {
  const endings = { json: 'application/json', csv: 'text/csv', svg: 'image/svg+xml', bin: 'application/octet-stream' };
  for (const [ending, contentType] of Object.entries(endings)) {
    await storage.put(`a.${ending}`, Buffer.from('x'), 'text/plain');
    expect((await storage.head(`a.${ending}`))?.contentType).toBe(contentType);
  }
});

test('a list reads only folders that can match', async () => {
  await storage.put('a/1.json', Buffer.from('x'), 'application/json');
  await mkdir(join(root, 'aa'));
  // A link to itself: whoever looks at it fails.
  await symlink('loop', join(root, 'aa', 'loop'));
  expect(await keysOf(storage, 'a/')).toEqual(['a/1.json']);
  expect(await faultOf(keysOf(storage, 'a'))).toBe('denied');
});

test('an object that was removed by hand is missed, and its key is not silently taken', async () => {
  const file = await localFile(folder);
  await storage.putOnce(key, file.path, file.facts);
  await rm(join(root, key));
  expect(await storage.head(key)).toBeNull();
  await expect(storage.putOnce(key, file.path, file.facts)).rejects.toThrow(/removed by hand/);
});

test('damaged metadata, a folder in the place of an object and a file in the place of a folder are for a person', async () => {
  const file = await localFile(folder);
  await storage.putOnce('a/0.png', file.path, file.facts);
  await writeFile(join(root, '.meta/a/0.png.json'), '{"key":');
  expect(await faultOf(storage.head('a/0.png'))).toBe('denied');
  expect(await faultOf(storage.putOnce('a', file.path, file.facts))).toBe('denied');
  expect(await faultOf(storage.put('a', Buffer.from('x'), 'text/plain'))).toBe('denied');
  await storage.put('b', Buffer.from('x'), 'text/plain');
  expect(await faultOf(storage.putOnce('b/0.png', file.path, file.facts))).toBe('denied');
  expect(await storage.head('b/0.png')).toBeNull();
});

test('a directory that is gone is denied and not made anew', async () => {
  const file = await localFile(folder);
  await rm(root, { recursive: true });
  expect(await faultOf(storage.putOnce(key, file.path, file.facts))).toBe('denied');
  expect(await faultOf(storage.put(key, Buffer.from('x'), 'image/png'))).toBe('denied');
  expect(await faultOf(storage.check())).toBe('denied');
  await expect(stat(root)).rejects.toThrow('ENOENT');
});

test('a full or failing disk is unavailable, missing rights are denied, and a bug stays a bug', () => {
  for (const code of ['ENOSPC', 'EIO', 'EDQUOT', 'EMFILE', 'ESTALE']) {
    expect(directoryError('file:///store', 'write a', systemError(code))).toMatchObject({ fault: 'unavailable' });
  }
  for (const code of ['EACCES', 'EPERM', 'EROFS']) {
    expect(directoryError('file:///store', 'write a', systemError(code))).toMatchObject({
      fault: 'denied',
      message: `file:///store: could not write a (${code})`,
    });
  }
  const bug = systemError('ERR_INVALID_ARG_TYPE');
  expect(directoryError('file:///store', 'write a', bug)).toBe(bug);
});

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}
