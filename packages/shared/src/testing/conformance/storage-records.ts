import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { liveBufferBytes } from '../live-memory.js';
import { refusalOf, keysOf, localFile, read, sha256Of, type StorageWorld } from './storage-fixtures.js';

const mebi = 1_024 * 1_024;

export function recordFacts(world: () => StorageWorld): void {
  describe('put', () => {
    test('bytes and streams of any length are read back as they were', async () => {
      const { storage, key } = world();
      for (const length of [0, 1, 300_000, 8 * mebi, 8 * mebi + 1]) {
        const bytes = randomBytes(length);
        const [whole, streamed] = [key('output.jsonl'), key('output.jsonl')];
        await storage.put(whole, bytes, 'application/jsonl');
        await storage.put(streamed, Readable.from(piecesOf(bytes)), 'application/jsonl');
        expect(sha256Of(await read(storage, whole))).toBe(sha256Of(bytes));
        expect(sha256Of(await read(storage, streamed))).toBe(sha256Of(bytes));
      }
    });

    test('a record has its content type and no metadata', async () => {
      const { storage, key } = world();
      const record = key('job.json');
      await storage.put(record, Buffer.from('{"a":1}'), 'application/json');
      expect(await storage.head(record)).toEqual({
        key: record,
        bytes: 7,
        contentType: 'application/json',
        metadata: {},
      });
    });

    test('the last of several writes stays', async () => {
      const { storage, key } = world();
      const record = key('job.json');
      for (const text of ['first and long', 'second', 'third']) {
        await storage.put(record, Buffer.from(text), 'application/json');
        expect((await read(storage, record)).toString()).toBe(text);
      }
    });

    test('a record written over an image has nothing of the image', async () => {
      const { storage, folder, key } = world();
      const image = key('0.png');
      const file = await localFile(folder, 1_000, { job: 'job_1' });
      await storage.putOnce(image, file.path, file.facts);
      await storage.put(image, randomBytes(1_000), 'image/png');
      expect(await storage.head(image)).toEqual({ key: image, bytes: 1_000, contentType: 'image/png', metadata: {} });
    });

    test('readers of a record that is being overwritten see one version whole', async () => {
      const { storage, key } = world();
      const record = key('manifest.jsonl');
      await storage.put(record, version(0), 'application/jsonl');
      const write = async (): Promise<void> => {
        for (let i = 1; i < 20; i++) await storage.put(record, version(i), 'application/jsonl');
      };
      const writing = new AbortController();
      const versions = new Set<number>();
      const watch = async (): Promise<void> => {
        while (!writing.signal.aborted) {
          const seen = await read(storage, record);
          const i = (seen[0] ?? 0) - 97;
          expect(seen.equals(version(i))).toBe(true);
          versions.add(i);
        }
      };
      const watching = [watch(), watch()];
      await write().finally(() => writing.abort());
      await Promise.all(watching);
      expect(versions.size).toBeGreaterThan(1);
      expect((await read(storage, record)).equals(version(19))).toBe(true);
    });

    test('a stream of 96 MB passes through less than half of it in memory', async () => {
      const { storage, key } = world();
      const archive = key('results.zip');
      const piece = randomBytes(mebi);
      const before = liveBufferBytes();
      let peak = 0;
      const source = function* (): Generator<Buffer> {
        for (let i = 0; i < 96; i++) {
          if (i % 8 === 0) peak = Math.max(peak, liveBufferBytes() - before);
          // A copy, since the same buffer 96 times would take no memory however many were held.
          yield Buffer.from(piece);
        }
      };
      await storage.put(archive, Readable.from(source()), 'application/zip');
      expect(peak).toBeLessThan(48 * mebi);
      expect(await storage.head(archive)).toMatchObject({ bytes: 96 * mebi });
      expect(await read(storage, archive, { start: 95 * mebi, end: 96 * mebi - 1 })).toEqual(piece);
      await storage.delete(archive);
    });

    test('a source that fails leaves the old record, and its own error is thrown', async () => {
      const { storage, key } = world();
      const record = key('output.jsonl');
      await storage.put(record, Buffer.from('old'), 'application/jsonl');
      for (const pieces of [1, 10]) {
        const source = async function* (): AsyncGenerator<Buffer> {
          for (let i = 0; i < pieces; i++) yield Buffer.alloc(mebi);
          throw Object.assign(new Error('the provider hung up'), { code: 'ECONNRESET' });
        };
        expect(await refusalOf(storage.put(record, Readable.from(source()), 'application/jsonl'))).toMatch(
          /provider hung up/,
        );
        expect((await read(storage, record)).toString()).toBe('old');
        expect(await keysOf(storage, record)).toEqual([record]);
      }
    });
  });
}

/** One letter throughout, so that a mixture shows. */
function version(i: number): Buffer {
  return Buffer.alloc(200_000 + 1_000 * i, String.fromCodePoint(97 + i));
}

function* piecesOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}
