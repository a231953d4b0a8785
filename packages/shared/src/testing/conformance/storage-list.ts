import pLimit from 'p-limit';
import { describe, expect, test } from '@jest/globals';
import { refusalOf, keysOf, localFile, type StorageWorld } from './storage-fixtures.js';

export function listFacts(world: () => StorageWorld): void {
  describe('list', () => {
    test('a prefix is a beginning of characters, and keys come in the order of theirs', async () => {
      const { storage, key } = world();
      const top = key('');
      // `-` and `.` come before `/`, and `0` after it, which is not the order of folders.
      const names = [
        'a-b',
        'a.png',
        'a/1.json',
        'a/10.json',
        'a/2.json',
        'a/b/c.json',
        'a0/x.json',
        'ab.json',
        'b.json',
      ];
      for (const name of names.toReversed()) await storage.put(top + name, Buffer.from(name), 'application/json');
      const under = async (prefix: string): Promise<string[]> =>
        (await keysOf(storage, top + prefix)).map((found) => found.slice(top.length));
      expect(await under('')).toEqual(names);
      expect(await under('a')).toEqual(names.slice(0, -1));
      expect(await under('a/')).toEqual(['a/1.json', 'a/10.json', 'a/2.json', 'a/b/c.json']);
      expect(await under('a/1')).toEqual(['a/1.json', 'a/10.json']);
      expect(await under('a/b/c.json')).toEqual(['a/b/c.json']);
      expect(await under('a/b/c.json/')).toEqual([]);
      expect(await under('c')).toEqual([]);
      expect(await under('no/such/folder/')).toEqual([]);
    });

    test('what was stored once and what was written stand in one list, with their lengths', async () => {
      const { storage, folder, key } = world();
      const top = key('');
      const file = await localFile(folder, 1_234);
      await storage.putOnce(`${top}0.png`, file.path, file.facts);
      await storage.put(`${top}job.json`, Buffer.from('{}'), 'application/json');
      const found: unknown[] = [];
      for await (const item of storage.list(top)) found.push(item);
      expect(found).toEqual([
        { key: `${top}0.png`, bytes: 1_234 },
        { key: `${top}job.json`, bytes: 2 },
      ]);
    });

    test('more keys than one page of S3 holds are all listed, and a reader may stop early', async () => {
      const { storage, key } = world();
      const top = key('');
      const names = Array.from({ length: 1_050 }, (_, i) => `${top}parts/${String(i).padStart(7, '0')}.jsonl`);
      const limit = pLimit(32);
      await Promise.all(names.map((name) => limit(() => storage.put(name, Buffer.from('x'), 'application/jsonl'))));
      expect(await keysOf(storage, `${top}parts/`)).toEqual(names);
      for await (const { key: first } of storage.list(top)) {
        expect(first).toBe(names[0]);
        break;
      }
    });

    test('a prefix that leaves the store or lies in its own folders is refused', async () => {
      const { storage } = world();
      for (const prefix of ['../', '/', 'a/../b', '.meta/', '.staging/a', 'a//b']) {
        expect(await refusalOf(keysOf(storage, prefix))).toMatch(/cannot begin a storage key/);
      }
    });
  });
}
