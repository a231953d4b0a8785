import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { ensureBucket } from '../src/adapters/storage/s3-bucket.js';
import { connectS3 } from '../src/adapters/storage/s3-client.js';
import { openS3Storage } from '../src/adapters/storage/s3.js';
import type { Storage } from '../src/ports/storage.js';
import { faultOf, localFile } from '../src/testing/conformance/storage-fixtures.js';
import { openS3Stub, refuse, type S3Stub } from '../src/testing/s3-stub.js';

let folder = '';
let stub: S3Stub | undefined;
let storage: Storage | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rendermill-s3-'));
});
afterEach(async () => {
  await storage?.close();
  await stub?.close();
  [storage, stub] = [undefined, undefined];
});
afterAll(() => rm(folder, { recursive: true }));

type Answer = Parameters<typeof openS3Stub>[0];

/** A store whose uploads a stub answers. */
async function openOn(
  answer: Answer,
  options: { checksums?: 'WHEN_SUPPORTED' } = {},
): Promise<{ stub: S3Stub; storage: Storage }> {
  stub = await openS3Stub(async (request, response, incoming) => {
    if (request.method === 'PUT' && request.path.includes('PutObject')) await answer(request, response, incoming);
  });
  storage = await openS3Storage({ ...stub.options, ...options });
  return { stub, storage };
}

describe('An upload', () => {
  test.each([undefined, 'WHEN_SUPPORTED'] as const)(
    'is one request of known length whose true sha256 is signed (checksums: %s)',
    async (checksums) => {
      const opened = await openOn(() => {}, checksums && { checksums });
      const file = await localFile(folder, 100_000, { job: 'job_1' });
      await opened.storage.putOnce('default/0.png', file.path, file.facts);
      const [upload, ...more] = opened.stub.seen.filter(({ method }) => method === 'PUT');
      expect(more).toEqual([]);
      expect(upload?.path).toBe('/stub/some/prefix/default/0.png?x-id=PutObject');
      expect(upload?.headers).toMatchObject({
        'content-length': '100000',
        'content-type': 'image/png',
        'if-none-match': '*',
        'x-amz-content-sha256': file.facts.sha256,
        'x-amz-checksum-sha256': Buffer.from(file.facts.sha256, 'hex').toString('base64'),
        'x-amz-meta-job': 'job_1',
        'x-amz-meta-sha256': file.facts.sha256,
      });
      expect(upload?.headers.authorization).toMatch(/SignedHeaders=[^,]*x-amz-content-sha256/);
      for (const name of ['transfer-encoding', 'content-encoding', 'x-amz-trailer', 'expect']) {
        expect(upload?.headers).not.toHaveProperty(name);
      }
    },
  );

  test('is repeated after 503, a wrong clock and the conflict of two writers, and is stored', async () => {
    const answers = [
      [503, 'SlowDown'],
      [403, 'RequestTimeTooSkewed'],
      [409, 'ConditionalRequestConflict'],
    ] as const;
    let tries = 0;
    const opened = await openOn((_request, response, incoming) => {
      const answer = answers[tries++];
      incoming.resume();
      if (answer) refuse(response, answer[0], answer[1]);
    });
    const file = await localFile(folder);
    expect(await opened.storage.putOnce('0.png', file.path, file.facts)).toBe('stored');
    expect(tries).toBe(4);
  });

  test('that is refused before it was read exists, and its connection is not kept', async () => {
    const opened = await openOn((_request, response) => refuse(response, 412, 'PreconditionFailed'));
    const file = await localFile(folder, 20_000_000);
    for (let i = 0; i < 3; i++) expect(await opened.storage.putOnce('0.png', file.path, file.facts)).toBe('exists');
    expect(opened.stub.seen.filter(({ method }) => method === 'PUT')).toHaveLength(3);
  });

  test.each([
    [
      'denied',
      { AccessDenied: 403, SignatureDoesNotMatch: 403, NoSuchBucket: 404, NotImplemented: 501, ExpiredToken: 400 },
    ],
    ['unavailable', { ConditionalRequestConflict: 409, SlowDown: 503, InternalError: 500 }],
    // The file is right, so the bytes were damaged on the way, each time.
    ['unavailable', { XAmzContentSHA256Mismatch: 400, BadDigest: 400 }],
  ] as const)('is %s after each of the answers %j', async (fault, answers) => {
    const statuses = new Map<string, number>(Object.entries(answers));
    const opened = await openOn(({ path }, response, incoming) => {
      const code = /(\w+)\.png/.exec(path)?.[1] ?? '';
      incoming.resume();
      refuse(response, statuses.get(code) ?? 200, code);
    });
    const file = await localFile(folder, 1_000);
    const attempts = [...statuses.keys()].map(async (code) => {
      const stored = opened.storage.putOnce(`${code}.png`, file.path, file.facts);
      expect(await faultOf(stored)).toBe(fault);
      await expect(stored).rejects.toThrow(
        new RegExp(`s3://stub/some/prefix .*could not store ${code}.png .${code}, HTTP`),
      );
      await expect(stored).rejects.not.toThrow(/stub-secret|stub-access/);
    });
    await Promise.all(attempts);
  });
});

test('a bucket that is missing is made on a server of one’s own, and at AWS a person is told how', async () => {
  stub = await openS3Stub(({ method }, response) => {
    if (method === 'HEAD') response.writeHead(404).end();
  });
  storage = await openS3Storage(stub.options);
  expect(stub.seen.map(({ method, path }) => `${method} ${path}`)).toEqual(['HEAD /stub/', 'PUT /stub/']);
  const s3 = connectS3(stub.options);
  const opening = ensureBucket(s3, { ...stub.options, endpoint: undefined });
  expect(await faultOf(opening)).toBe('denied');
  await expect(opening).rejects.toThrow(/does not exist: make it \(aws s3 mb s3:\/\/stub --region us-east-1\)/);
  s3.client.destroy();
});
