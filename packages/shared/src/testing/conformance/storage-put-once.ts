import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { faultOf, refusalOf, keysOf, localFile, read, sha256Of, type StorageWorld } from './storage-fixtures.js';

export function putOnceFacts(world: () => StorageWorld): void {
  describe('putOnce', () => {
    test('what was stored is read back byte for byte, with its content type and metadata', async () => {
      const { storage, folder, key } = world();
      const image = key('0.png');
      const file = await localFile(folder, 1_500_000, { job: 'job_1', 'request-id': `a "b" 'c'  d <&%20;,=` });
      expect(await storage.putOnce(image, file.path, file.facts)).toBe('stored');
      expect(sha256Of(await read(storage, image))).toBe(file.facts.sha256);
      expect(await storage.head(image)).toEqual({
        key: image,
        bytes: 1_500_000,
        contentType: 'image/png',
        metadata: { ...file.facts.metadata, sha256: file.facts.sha256 },
      });
    });

    test('a file without bytes and one of 20 MB are stored', async () => {
      const { storage, folder, key } = world();
      for (const length of [0, 20_000_000]) {
        const image = key('0.webp');
        const file = await localFile(folder, length);
        expect(await storage.putOnce(image, file.path, file.facts)).toBe('stored');
        expect(sha256Of(await read(storage, image))).toBe(file.facts.sha256);
      }
    });

    test('the file stays, and its removal or replacement does not touch the object', async () => {
      const { storage, folder, key } = world();
      const [first, second] = [key('0.png'), key('0.png')];
      const file = await localFile(folder);
      await storage.putOnce(first, file.path, file.facts);
      expect(await readFile(file.path)).toEqual(file.bytes);
      await storage.putOnce(second, file.path, file.facts);
      await writeFile(join(folder, 'other'), 'other bytes');
      await rename(join(folder, 'other'), file.path);
      expect(sha256Of(await read(storage, first))).toBe(file.facts.sha256);
      await rm(file.path);
      expect(sha256Of(await read(storage, second))).toBe(file.facts.sha256);
    });

    test('nothing that is done to the object touches the file', async () => {
      const { storage, folder, key } = world();
      const image = key('0.png');
      const file = await localFile(folder);
      await storage.putOnce(image, file.path, file.facts);
      await storage.put(image, Buffer.from('a record'), 'image/png');
      await storage.delete(image);
      expect(await readFile(file.path)).toEqual(file.bytes);
    });

    test('a second writer is told that the object exists, and changes nothing', async () => {
      const { storage, folder, key } = world();
      const image = key('0.png');
      const file = await localFile(folder, 5_000, { attempt: '1' });
      const other = await localFile(folder, 6_000, { attempt: '2' });
      await storage.putOnce(image, file.path, file.facts);
      expect(await storage.putOnce(image, other.path, other.facts)).toBe('exists');
      expect(await storage.putOnce(image, file.path, file.facts)).toBe('exists');
      expect(await storage.head(image)).toMatchObject({ bytes: 5_000, metadata: { attempt: '1' } });
      expect(sha256Of(await read(storage, image))).toBe(file.facts.sha256);
    });

    test('a key that a record was written under exists', async () => {
      const { storage, folder, key } = world();
      const record = key('job.json');
      const file = await localFile(folder);
      await storage.put(record, Buffer.from('{}'), 'application/json');
      expect(await storage.putOnce(record, file.path, file.facts)).toBe('exists');
      expect((await read(storage, record)).toString()).toBe('{}');
    });

    test('of eight writers at once one stores, and the bytes and the metadata are its own', async () => {
      const { storage, folder, key } = world();
      for (let round = 0; round < 5; round++) {
        const image = key('0.png');
        const writers = Array.from({ length: 8 }, (_, i) => localFile(folder, 200_000 + i, { writer: String(i) }));
        const files = await Promise.all(writers);
        const answers = await Promise.all(files.map((file) => storage.putOnce(image, file.path, file.facts)));
        expect(answers.filter((answer) => answer === 'stored')).toHaveLength(1);
        const winner = files[answers.indexOf('stored')];
        expect(await storage.head(image)).toMatchObject({
          bytes: winner?.facts.bytes,
          metadata: winner?.facts.metadata,
        });
        expect(sha256Of(await read(storage, image))).toBe(winner?.facts.sha256);
      }
    });

    test('bytes of another length or sha256 than promised are a mismatch, and leave the key free', async () => {
      const { storage, folder, key } = world();
      const image = key('0.png');
      const file = await localFile(folder, 70_000);
      const wrong = [{ bytes: 69_999 }, { bytes: 70_001 }, { sha256: sha256Of(Buffer.from('another')) }];
      for (const fault of wrong) {
        expect(await faultOf(storage.putOnce(image, file.path, { ...file.facts, ...fault }))).toBe('mismatch');
        expect(await storage.head(image)).toBeNull();
        expect(await keysOf(storage, image)).toEqual([]);
      }
      expect(await storage.putOnce(image, file.path, file.facts)).toBe('stored');
    });

    test('a large file is stored by one of its writers, and not where it is not what was promised', async () => {
      const { storage, folder, key } = world();
      const large = key('large');
      const file = await localFile(folder, 70_000_000, { purpose: 'batch' });
      const wrong = { ...file.facts, sha256: sha256Of(Buffer.from('another')) };
      expect(await faultOf(storage.putOnce(large, file.path, wrong))).toBe('mismatch');
      expect(await keysOf(storage, large)).toEqual([]);
      const writers = [1, 2, 3].map(() => storage.putOnce(large, file.path, file.facts));
      expect((await Promise.all(writers)).sort()).toEqual(['exists', 'exists', 'stored']);
      expect(await storage.putOnce(large, file.path, file.facts)).toBe('exists');
      expect(await storage.head(large)).toMatchObject({ bytes: 70_000_000, metadata: file.facts.metadata });
      expect(sha256Of(await read(storage, large))).toBe(file.facts.sha256);
    });

    test('a file that is not there is a mismatch', async () => {
      const { storage, folder, key } = world();
      const file = await localFile(folder);
      expect(await faultOf(storage.putOnce(key('0.png'), join(folder, 'gone'), file.facts))).toBe('mismatch');
    });

    test('metadata that a header cannot carry is refused before anything is stored', async () => {
      const { storage, folder, key } = world();
      const image = key('0.png');
      const file = await localFile(folder);
      const bad: Record<string, string>[] = [
        { model: 'é' },
        { model: 'a\nb' },
        { model: ' a' },
        { Model: 'a' },
        { 'a b': 'c' },
        { sha256: 'other' },
        { long: 'x'.repeat(2_000) },
      ];
      for (const metadata of bad) {
        expect(await refusalOf(storage.putOnce(image, file.path, { ...file.facts, metadata }))).toMatch(/metadata/);
      }
      expect(await storage.head(image)).toBeNull();
    });
  });
}
