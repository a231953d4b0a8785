import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { Agent, fetch, type Response } from 'undici';
import {
  bytesOf,
  localFile,
  read,
  refusalOf,
  sha256Of,
  type LocalFile,
  type StorageWorld,
} from './storage-fixtures.js';

export function readFacts(world: () => StorageWorld): void {
  describe('head, get, delete, presign, check', () => {
    test('nothing lies under a key that was never written, nor under a part or a continuation of one that was', async () => {
      const { storage, key } = world();
      const { image } = await stored(world(), '0.png');
      for (const missing of [key('0.png'), image.slice(0, -'/0.png'.length), `${image}/1.png`, image.slice(0, -1)]) {
        expect(await storage.head(missing)).toBeNull();
        expect(await storage.get(missing)).toBeNull();
        expect(await storage.get(missing, { start: 0, end: 1 })).toBeNull();
      }
    });

    test('get gives the facts with the bytes', async () => {
      const { storage } = world();
      const { image, file } = await stored(world(), '0.png');
      const found = await storage.get(image);
      expect(found?.facts).toEqual(await storage.head(image));
      expect(found && sha256Of(await bytesOf(found))).toBe(file.facts.sha256);
    });

    test('a range is inclusive, ends with the object, and comes with the length of the whole', async () => {
      const { storage } = world();
      const { image, file } = await stored(world(), '0.png', 1_000);
      for (const [start, end] of [
        [0, 0],
        [0, 999],
        [10, 19],
        [999, 999],
        [990, 5_000],
      ] as const) {
        const found = await storage.get(image, { start, end });
        expect(found?.facts.bytes).toBe(1_000);
        expect(found && (await bytesOf(found))).toEqual(file.bytes.subarray(start, end + 1));
      }
    });

    test('a range that the object does not have, or that is none, is refused', async () => {
      const { storage } = world();
      const { image } = await stored(world(), '0.png', 1_000);
      for (const [start, end] of [
        [1_000, 1_001],
        [-1, 5],
        [5, 4],
        [0.5, 2],
      ] as const) {
        await expect(storage.get(image, { start, end })).rejects.toThrow(RangeError);
      }
    });

    test('a body may be left unread', async () => {
      const { storage } = world();
      const { image, file } = await stored(world(), '0.png', 3_000_000);
      for (let i = 0; i < 5; i++) (await storage.get(image))?.body.destroy();
      expect(sha256Of(await read(storage, image))).toBe(file.facts.sha256);
    });

    test('what was deleted is gone, its key can be stored again, and deleting twice is no error', async () => {
      const { storage, folder } = world();
      const { image } = await stored(world(), '0.png');
      await storage.delete(image);
      expect(await storage.head(image)).toBeNull();
      await storage.delete(image);
      const again = await localFile(folder, 10, { attempt: '2' });
      expect(await storage.putOnce(image, again.path, again.facts)).toBe('stored');
      expect(await storage.head(image)).toMatchObject({ bytes: 10, metadata: { attempt: '2' } });
    });

    test('keys that leave the store or belong to it are refused by every call', async () => {
      const { storage, folder } = world();
      const file = await localFile(folder);
      const relative = ['..', '.', 'a/../b', 'a/./b', '../b'];
      const odd = ['', '/a', 'a//b', 'a/', 'a\\b', 'a\0b', 'a\nb', 'é'];
      for (const key of [...relative, ...odd, '.meta/a.json', '.staging/a', '.rendermill-check']) {
        expect(await refusalOf(storage.putOnce(key, file.path, file.facts))).toMatch(/cannot be a storage key/);
        expect(await refusalOf(storage.put(key, Buffer.from('x'), 'text/plain'))).toMatch(/cannot be a storage key/);
        expect(await refusalOf(storage.head(key))).toMatch(/cannot be a storage key/);
        expect(await refusalOf(storage.get(key))).toMatch(/cannot be a storage key/);
        expect(await refusalOf(storage.delete(key))).toMatch(/cannot be a storage key/);
        expect(await refusalOf(storage.presign(key, { seconds: 60, fileName: 'a' }))).toMatch(
          /cannot be a storage key/,
        );
      }
    });

    test('a signed link reads the object and only that, until it expires, or there is none', async () => {
      const { storage } = world();
      const { image, file } = await stored(world(), '0.png');
      const { image: other } = await stored(world(), '1.png');
      const link = await storage.presign(image, { seconds: 60, fileName: 'шляпа "1".png' });
      if (link === null) return;
      const shortLived = await storage.presign(image, { seconds: 1, fileName: 'a.png' });
      const agent = new Agent();
      const follow = (url: string): Promise<Response> => fetch(url, { dispatcher: agent });

      const answer = await follow(link);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toBe('image/png');
      expect(answer.headers.get('content-disposition')).toMatch(
        /^attachment; filename="_____ _1_\.png"; filename\*=UTF-8''%D1%88/,
      );
      expect(sha256Of(Buffer.from(await answer.arrayBuffer()))).toBe(file.facts.sha256);

      await sleep(2_100);
      const tampered = [
        link.replace(image, other),
        link.replace(/X-Amz-Expires=60/, 'X-Amz-Expires=600'),
        shortLived ?? '',
      ];
      for (const url of tampered) {
        const refused = await follow(url);
        expect(refused.status).toBe(403);
        await refused.arrayBuffer();
      }
      await agent.close();
    });

    test('a check passes, and leaves nothing in the list', async () => {
      const { storage } = world();
      await storage.check();
      for await (const { key } of storage.list('')) expect(key).toMatch(/^t\//);
    });
  });
}

async function stored(
  { storage, folder, key }: StorageWorld,
  ending: string,
  length = 100_000,
): Promise<{ image: string; file: LocalFile }> {
  const image = key(ending);
  const file = await localFile(folder, length, { job: 'job_1' });
  await storage.putOnce(image, file.path, file.facts);
  return { image, file };
}
