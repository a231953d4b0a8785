import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { liveBufferBytes } from '@rendermill/shared/testing/live-memory';
import { s3Server } from '../../../test/s3.js';
import { until } from '../../../test/until.js';
import { uploadsOnDisk } from '../../../test/uploads-on-disk.js';
import { createWorld, type World, type WorldOptions } from '../../../test/world.js';

const mebi = 1_024 * 1_024;
const s3 = s3Server();
/** These move more than a gigabyte, on a machine that may be busy. */
const patienceMs = 300_000;

interface Answer {
  readonly id: string;
  readonly bytes: number;
  readonly error: { readonly code: string; readonly message: string };
}

/** Every piece differs from the others, so that a lost or doubled one shows. */
function pieceOf(i: number): Buffer {
  const piece = Buffer.alloc(mebi, 'x');
  piece.writeUInt32BE(i);
  return piece;
}

/** Uploads so many MB as a client that writes when it may; answers the most that was held in memory meanwhile. */
async function upload(world: World, fields: { before?: string; after?: string }, mebibytes: number) {
  const text = (purpose: string): string =>
    `--b\r\ncontent-disposition: form-data; name="purpose"\r\n\r\n${purpose}\r\n`;
  const sent = request(`${world.url}/v1/files`, {
    method: 'POST',
    headers: { authorization: `Bearer ${world.key}`, 'content-type': 'multipart/form-data; boundary=b' },
  });
  const answer = new Promise<{ status: number; body: Answer }>((resolve, reject) => {
    sent.on('error', reject);
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString()) as Answer });
      });
    });
  });
  const hash = createHash('sha256');
  const before = liveBufferBytes();
  let peak = 0;
  const write = async (bytes: Buffer | string): Promise<void> =>
    new Promise((resolve) => {
      sent.write(bytes, () => resolve());
    });
  if (fields.before) await write(text(fields.before));
  await write('--b\r\ncontent-disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\n');
  for (let i = 0; i < mebibytes && !sent.destroyed; i++) {
    const piece = pieceOf(i);
    hash.update(piece);
    await write(piece);
    if (i % 64 === 0) peak = Math.max(peak, liveBufferBytes() - before);
  }
  sent.end(`\r\n${fields.after ? text(fields.after) : ''}--b--\r\n`);
  return { ...(await answer), peak, sha256: hash.digest('hex') };
}

const places: [string, number, WorldOptions][] = [['a directory', 530, {}]];
if (s3) places.push(['S3', 160, { env: s3.env, storageUrl: s3.storageUrl() }]);

describe.each(places)('with %s', (_where, mebibytes, options) => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ worker: false, ...options });
  });
  afterAll(async () => world.close());

  test(
    "a batch's lines pass, and are read again, through a fraction of them in memory",
    async () => {
      const { status, body, peak, sha256 } = await upload(world, { after: 'batch' }, mebibytes);
      expect([status, body.bytes]).toEqual([200, mebibytes * mebi]);
      expect(peak).toBeLessThan(64 * mebi);

      const before = liveBufferBytes();
      let readPeak = 0;
      const hash = createHash('sha256');
      let seen = 0;
      const content = await fetch(`${world.url}/v1/files/${body.id}/content`, {
        headers: { authorization: `Bearer ${world.key}` },
      });
      for await (const chunk of content.body ?? []) {
        hash.update(chunk as Uint8Array);
        seen += (chunk as Uint8Array).length;
        if (seen % (64 * mebi) < (chunk as Uint8Array).length)
          readPeak = Math.max(readPeak, liveBufferBytes() - before);
      }
      expect(hash.digest('hex')).toBe(sha256);
      expect(readPeak).toBeLessThan(64 * mebi);
      await world.call('DELETE', `/v1/files/${body.id}`);
    },
    patienceMs,
  );
});

describe('too large', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ worker: false });
  });
  afterAll(async () => world.close());

  test.each([
    ['told before', { before: 'user_data' }],
    ['told after', { after: 'user_data' }],
  ])(
    '513 MB for another purpose, %s the file, are refused and leave nothing',
    async (_when, fields) => {
      const { status, body } = await upload(world, fields, 513);
      expect([status, body.error.code]).toEqual([413, 'file_too_large']);
      expect(body.error.message).toMatch(/512 MB, or 2048 MB with purpose 'batch'/);
      await until(async () => (await uploadsOnDisk(world)).length === 0);
      const keys: string[] = [];
      for await (const { key } of world.storage.list('default/files/')) keys.push(key);
      expect([keys, await world.redis.keys(`${world.prefix}file*`)]).toEqual([[], []]);
    },
    patienceMs,
  );
});
