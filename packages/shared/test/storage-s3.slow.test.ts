import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DeleteBucketCommand } from '@aws-sdk/client-s3';
import { openStorage } from '../src/adapters/storage/open-storage.js';
import { connectS3 } from '../src/adapters/storage/s3-client.js';
import { openS3Storage } from '../src/adapters/storage/s3.js';
import { faultOf, keysOf, localFile, read } from '../src/testing/conformance/storage-fixtures.js';
import { describeStorage } from '../src/testing/conformance/storage.js';
import { s3TestServer } from '../src/testing/s3-test-server.js';

const server = s3TestServer();

if (server) {
  describeStorage('The S3 store', () => openS3Storage({ ...server, prefix: 'a/prefix' }));

  describe('A bucket', () => {
    let folder = '';
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'rendermill-s3-'));
    });
    afterAll(() => rm(folder, { recursive: true }));

    test('keeps the keys of two prefixes apart', async () => {
      const [one, two] = [
        await openS3Storage({ ...server, prefix: 'one' }),
        await openS3Storage({ ...server, prefix: 'one/two/' }),
      ];
      await one.put('a.json', Buffer.from('1'), 'application/json');
      await two.put('a.json', Buffer.from('2'), 'application/json');
      expect(await keysOf(one, '')).toEqual(['a.json', 'two/a.json']);
      expect(await keysOf(two, '')).toEqual(['a.json']);
      expect((await read(two, 'a.json')).toString()).toBe('2');
      await Promise.all([one.close(), two.close()]);
    });

    test('works with the checksums of the SDK as well', async () => {
      const storage = await openS3Storage({ ...server, checksums: 'WHEN_SUPPORTED' });
      const file = await localFile(folder, 300_000);
      expect(await storage.putOnce('supported.png', file.path, file.facts)).toBe('stored');
      await storage.put('supported.json', Buffer.from('{}'), 'application/json');
      expect(await read(storage, 'supported.png')).toEqual(file.bytes);
      expect((await read(storage, 'supported.json')).toString()).toBe('{}');
      await storage.close();
    });

    test('that is opened with a wrong key is denied, and the message says no secret', async () => {
      const accessKeyId = server.credentials?.accessKeyId ?? '';
      for (const credentials of [
        { accessKeyId, secretAccessKey: 'wrong-secret' },
        { accessKeyId: 'nobody', secretAccessKey: 'wrong-secret' },
      ]) {
        const opening = openS3Storage({ ...server, credentials });
        expect(await faultOf(opening)).toBe('denied');
        await expect(opening).rejects.toThrow(`s3://${server.bucket} (${server.endpoint}): could not open the bucket`);
        await expect(opening).rejects.not.toThrow(/wrong-secret/);
      }
    });

    test('that goes away is denied', async () => {
      const bucket = `${server.bucket}-gone`;
      const storage = await openS3Storage({ ...server, bucket });
      const { client } = connectS3(server);
      await client.send(new DeleteBucketCommand({ Bucket: bucket }));
      client.destroy();
      const file = await localFile(folder);
      expect(await faultOf(storage.putOnce('0.png', file.path, file.facts))).toBe('denied');
      expect(await faultOf(storage.put('job.json', Buffer.from('{}'), 'application/json'))).toBe('denied');
      expect(await faultOf(storage.get('0.png'))).toBe('denied');
      expect(await faultOf(keysOf(storage, ''))).toBe('denied');
      expect(await faultOf(storage.check())).toBe('denied');
      await storage.close();
    });

    test('is found by STORAGE_URL, with credentials from the environment', async () => {
      // oxlint-disable-next-line node/no-process-env -- where AWS's own chain looks
      const environment = process.env;
      environment['AWS_ACCESS_KEY_ID'] = server.credentials?.accessKeyId;
      environment['AWS_SECRET_ACCESS_KEY'] = server.credentials?.secretAccessKey;
      const rest = { S3_ENDPOINT: server.endpoint, S3_REGION: 'us-east-1', S3_CHECKSUMS: 'WHEN_REQUIRED' } as const;
      const storage = await openStorage({
        ...rest,
        STORAGE_URL: `s3://${server.bucket}/by/url`,
        S3_FORCE_PATH_STYLE: true,
      });
      expect(storage.place).toBe(`s3://${server.bucket}/by/url (${server.endpoint})`);
      await storage.check();
      await storage.close();
    });
  });
}

test('a directory is found by STORAGE_URL', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rendermill-url-'));
  const url = pathToFileURL(join(folder, 'with blank')).href;
  const storage = await openStorage({
    STORAGE_URL: url,
    S3_ENDPOINT: undefined,
    S3_REGION: 'us-east-1',
    S3_FORCE_PATH_STYLE: undefined,
    S3_CHECKSUMS: 'WHEN_REQUIRED',
  });
  expect(storage.place).toBe(url);
  await storage.check();
  await storage.close();
  await rm(folder, { recursive: true });
});
