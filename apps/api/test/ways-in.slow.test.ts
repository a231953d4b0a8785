import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { createBatch, endedBatch, line, type Refusal } from '../../../test/batch-calls.js';
import { callsFor, read, sha } from '../../../test/clients/support.js';
import { animated, pngOfZeros, withBadSum, withGps, zipOf } from '../../../test/hostile-images.js';
import { createWorld, type World } from '../../../test/world.js';

/** Whatever way an image comes in, it is refused before anything is paid, or reaches the provider alone in its file. */

let world: World;
let shop: Server;
const shelf = new Map<string, Buffer>();
let link: string;
let whole: Buffer;
beforeAll(async () => {
  world = await createWorld();
  shop = createServer((request, response) => {
    const bytes = shelf.get(request.url ?? '');
    // What it says of itself is a lie, mostly.
    response.writeHead(bytes ? 200 : 404, { 'content-type': 'image/png' }).end(bytes);
  });
  await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve));
  link = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`;
  whole = await sharp({ create: { width: 128, height: 96, channels: 3, background: '#c05028' } })
    .jpeg()
    .toBuffer();
});
afterAll(async () => {
  await world.close();
  shop.closeAllConnections();
  await new Promise((resolve) => shop.close(resolve));
});

/** The code that it was refused with, or null; and the job or line that was made of it. */
interface Came {
  readonly code: string | null;
  readonly folder: string;
}

const model = 'gpt-image-1';
const dataUrl = (bytes: Buffer): string => `data:image/png;base64,${bytes.toString('base64')}`;
const shelve = (bytes: Buffer): string => {
  const path = `/${shelf.size}.png`;
  shelf.set(path, bytes);
  return link + path;
};
const fileOf = async (bytes: Buffer): Promise<string> => {
  const form = new FormData();
  form.append('purpose', 'vision');
  form.append('file', new Blob([new Uint8Array(bytes)]), 'image.png');
  return (await world.call<{ id: string }>('POST', '/v1/files', form)).body.id;
};

async function job(body: unknown, path = '/v1/jobs'): Promise<Came> {
  const answer = await world.call<Partial<PresentedJob & Refusal>>('POST', path, body, { prefer: 'respond-async' });
  if (answer.status !== 202) return { code: `${answer.status} ${answer.body.error?.code}`, folder: 'none' };
  const ended = await world.ended(answer.body.id ?? '');
  return { code: ended.error && `400 ${ended.error.code}`, folder: `${ended.id}/inputs/` };
}

async function batch(prompt: string, image: unknown): Promise<Came> {
  const { id } = await createBatch(world, {
    endpoint: '/v1/images/edits',
    requests: [line('one', { prompt, images: [image] }, '/v1/images/edits')],
  });
  const ended = await endedBatch(world, id);
  if (ended.error_file_id === null) return { code: null, folder: `${id}/inputs/0000001` };
  const { body } = await world.call<string>('GET', `/v1/files/${ended.error_file_id}/content`);
  const { response } = JSON.parse(body) as { response: { status_code: number; body: Refusal } };
  return { code: `${response.status_code} ${response.body.error.code}`, folder: 'none' };
}

const edit = { type: 'edit', model };
const ways: readonly [string, (prompt: string, bytes: Buffer) => Promise<Came>][] = [
  [
    'in a form',
    async (prompt, bytes) => {
      const form = new FormData();
      for (const [name, value] of Object.entries({ prompt, model })) form.append(name, value);
      form.append('image', new Blob([new Uint8Array(bytes)]), 'image.png');
      return job(form, '/v1/images/edits');
    },
  ],
  ['as a data URL', async (prompt, bytes) => job({ ...edit, prompt, image: dataUrl(bytes) })],
  ['by file_id', async (prompt, bytes) => job({ ...edit, prompt, image: { file_id: await fileOf(bytes) } })],
  ['by URL', async (prompt, bytes) => job({ ...edit, prompt, image: shelve(bytes) })],
  ["as a data URL in a batch's line", async (prompt, bytes) => batch(prompt, { image_url: dataUrl(bytes) })],
  ["by file_id in a batch's line", async (prompt, bytes) => batch(prompt, { file_id: await fileOf(bytes) })],
  ["by URL in a batch's line", async (prompt, bytes) => batch(prompt, { image_url: shelve(bytes) })],
];

const hostile: readonly [string, () => Promise<Buffer> | Buffer, string][] = [
  ['a PNG of 268 million pixels', () => pngOfZeros(16_383, 16_383, 4), '400 image_too_large'],
  ['half a JPEG', () => whole.subarray(0, whole.length / 2), '400 invalid_image'],
  ['a PNG with a wrong sum', async () => sharp(whole).png().toBuffer().then(withBadSum), '400 invalid_image'],
  ['an animated WebP', async () => animated('webp'), '400 animated_image'],
  ['a GIF', async () => animated('gif'), '400 unsupported_image_format'],
  [
    'an SVG',
    () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"/>'),
    '400 unsupported_image_format',
  ],
];

describe.each(ways)('an image %s', (way, send) => {
  test.each(hostile)('that is %s is refused, and nothing is asked of the provider', async (what, make, code) => {
    const prompt = `${what} ${way}`;
    expect((await send(prompt, await make())).code).toBe(code);
    expect(await callsFor(world, prompt)).toEqual([]);
  });

  test('that is a photo with its place, and a ZIP behind it, is edited without them', async () => {
    const prompt = `a photo ${way}`;
    const sent = Buffer.concat([await withGps(whole), zipOf('payload.html', '<script>')]);
    const { code, folder } = await send(prompt, sent);
    expect(code).toBeNull();
    const keys: string[] = [];
    for await (const { key } of world.storage.list('default/')) if (key.includes(folder)) keys.push(key);
    expect(keys).toHaveLength(1);
    const stored = await read(world, keys[0] ?? '');
    expect((await callsFor(world, prompt)).map(({ inputs }) => inputs.map(({ sha256 }) => sha256))).toEqual([
      [sha(stored)],
    ]);
    for (const trace of ['Exif', 'GPS', 'A. Nobody', 'PK\x03\x04', '<script>'])
      expect(stored.includes(trace)).toBe(false);
    expect((await sharp(stored).raw().toBuffer()).equals(await sharp(whole).raw().toBuffer())).toBe(true);
  });
});

test.each([
  ['alone', (url: string) => ({ type: 'edit', model, prompt: 'x', image: url })],
  ["in a batch's line", null],
])('a data URL that is not base64 is refused, %s', async (_where, body) => {
  const url = `${dataUrl(whole).slice(0, -40)}!!!!${'A'.repeat(40)}`;
  const { code } = body ? await job(body(url)) : await batch('not base64', { image_url: url });
  expect(code).toBe('400 invalid_image');
});

test('a hostile mask beside an image by URL is refused at once', async () => {
  const mask = dataUrl(pngOfZeros(16_383, 16_383, 4));
  const { status, body } = await world.call<Refusal>('POST', '/v1/jobs', {
    ...edit,
    prompt: 'x',
    image: shelve(whole),
    mask,
  });
  expect([status, body.error.code, body.error.param]).toEqual([400, 'image_too_large', 'mask']);
});

test('a mask beside an image by URL is made once, from what was sent', async () => {
  const size = { width: 128, height: 96 };
  const black = await sharp({ create: { ...size, channels: 3, background: '#000000' } })
    .jpeg()
    .toBuffer();
  const prompt = 'masked by luminance';
  const { code } = await job({ ...edit, prompt, image: shelve(whole), mask: dataUrl(black), mask_from: 'luminance' });
  expect(code).toBeNull();
  const [call] = await callsFor(world, prompt);
  expect(call?.mask?.content_type).toBe('image/png');
});
