import { crc32, deflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { startFileServer, type FileServer } from '../../../test/file-server.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

/** Input images at URLs of strangers: what is wrong with one fails its job with a code that says so, before it is paid. */

let world: World;
let files: FileServer;
let picture: Buffer;
beforeAll(async () => {
  world = await createWorld();
  files = await startFileServer();
  picture = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#40a0c0' } })
    .png()
    .toBuffer();
});
afterAll(async () => {
  await world.close();
  await files.close();
});

const edit = async (path: string) =>
  world.submit({ type: 'edit', prompt: path, images: [{ image_url: files.url + path }] });
const run = async (path: string) => world.ended((await edit(path)).id);
const callsFor = async (prompt: string) => (await world.simulator.ledger()).filter((entry) => entry.prompt === prompt);

/** Charged nothing: no call, no attempt. */
async function unpaid(path: string, code: string): Promise<void> {
  const job = await run(path);
  expect(job).toMatchObject({ status: 'failed', error: { code }, paid_attempts: 0, cost: { actual: 0 } });
  expect(await callsFor(path)).toEqual([]);
}

/** A PNG of these sides whose data is of one row only: a few hundred bytes that would be gigabytes. */
function bomb(side: number): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(side, 0);
  head.writeUInt32BE(side, 4);
  head.set([8, 6, 0, 0, 0], 8);
  const data = deflateSync(Buffer.alloc(1 + side * 4));
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', head), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]);
}

test('a good one is fetched once, and goes to the provider', async () => {
  files.answer = (_path, response) => void response.writeHead(200, { 'content-type': 'image/png' }).end(picture);
  expect(await run('/good')).toMatchObject({ status: 'completed' });
  expect(files.asked.filter((path) => path === '/good')).toHaveLength(1);
});

describe('F1 an image URL', () => {
  test.each([403, 404, 410, 500, 204])('that answers %i fails the job, and nothing is paid', async (status) => {
    files.answer = (_path, response) => void response.writeHead(status).end();
    await unpaid(`/status-${status}`, 'image_url_unreachable');
  });

  test('at which nobody listens fails the job, and nothing is paid', async () => {
    const gone = await startFileServer();
    await gone.close();
    const { id } = await world.submit({ type: 'edit', prompt: 'gone', images: [{ image_url: `${gone.url}/x.png` }] });
    expect((await world.ended(id)).error).toMatchObject({ code: 'image_url_unreachable', param: 'image' });
    expect(await callsFor('gone')).toEqual([]);
  });
});

describe('F4 what comes from an image URL', () => {
  test.each([
    ['/bomb', () => bomb(30_000), 'image_too_large'],
    ['/page', () => Buffer.from('<html><body>not here</body></html>'), 'unsupported_image_format'],
    [
      '/svg',
      () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
      'unsupported_image_format',
    ],
    ['/half', () => picture.subarray(0, picture.length / 2), 'invalid_image'],
    ['/empty', () => Buffer.alloc(0), 'empty_image'],
  ])('%s is refused, and nothing is paid', async (path, body, code) => {
    const bytes = body();
    files.answer = (_path, response) => void response.writeHead(200, { 'content-type': 'image/png' }).end(bytes);
    await unpaid(path, code);
  });

  test('without end is cut off at the limit of an input, whatever its length was said to be', async () => {
    let sent = 0;
    let over: () => void = () => undefined;
    const closed = new Promise<void>((resolve) => (over = resolve));
    files.answer = (_path, response) => {
      const piece = Buffer.alloc(1024 * 1024);
      response.writeHead(200, { 'content-type': 'image/png' });
      response.on('close', over);
      const more = (): void => {
        while (!response.destroyed && response.write(piece)) sent += piece.length;
        sent += piece.length;
      };
      response.on('drain', more);
      more();
    };
    await unpaid('/endless', 'image_url_too_large');
    await closed;
    expect(sent).toBeLessThan(80 * 1024 * 1024);
    files.answer = (_path, response) => {
      response.writeHead(200, { 'content-length': String(1024 * 1024 * 1024) }).flushHeaders();
    };
    await unpaid('/announced', 'image_url_too_large');
  });

  test('compressed is refused: a bomb may be behind it', async () => {
    files.answer = (_path, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end('x');
    await unpaid('/gzip', 'image_url_unreachable');
  });
});

describe('F2 an image URL', () => {
  test('that never answers gives its place back to others, which are fetched meanwhile', async () => {
    const held: (() => void)[] = [];
    files.answer = (path, response) => {
      if (path.startsWith('/hang')) held.push(() => void response.writeHead(404).end());
      else response.writeHead(200).end(picture);
    };
    const hanging = await Promise.all([edit('/hang-1'), edit('/hang-2')]);
    await until(() => held.length === 2);
    expect(await run('/meanwhile')).toMatchObject({ status: 'completed' });
    for (const release of held) release();
    for (const { id } of hanging) expect((await world.ended(id)).status).toBe('failed');
  });
});
