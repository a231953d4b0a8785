import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createWorld, type World } from '../../../test/world.js';

/** Photos as people upload them, by the front door: each is taken and bought for, or refused before anything is paid. */

const photos = fileURLToPath(new URL('../../../packages/shared/test/fixtures/photos/', import.meta.url));
const taken = [
  'animated-apng.png',
  'cmyk-no-profile.jpg',
  'cmyk-with-profile.jpg',
  'exif-orientation-6.jpg',
  'exif-orientation-8.jpg',
  'fully-transparent.png',
  'gray-16bit-alpha.png',
  'interlaced-16bit-rgba.png',
  'product-drink-transparent.png',
  'product-jeans-closeup.webp',
  'product-mug-palette-alpha.png',
  'product-purifier.webp',
  'product-shoes-2160-transparent.png',
  'product-tote-transparent.png',
  'rgb-16bit.png',
];
const refused = [
  ['added-lf-bytes.png', 'unsupported_image_format'],
  ['animated.webp', 'animated_image'],
  ['bad-crc.png', 'invalid_image'],
  ['bomb-65536x65536.png', 'image_too_large'],
  ['corrupt-header.jpg', 'invalid_image'],
  ['huge-20000x14000.jpg', 'image_too_large'],
  ['truncated.jpg', 'invalid_image'],
  ['truncated.png', 'invalid_image'],
  ['zero-byte.jpg', 'empty_image'],
] as const;

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(async () => world.close());

async function edit(file: string) {
  const form = new FormData();
  form.append('image', new Blob([new Uint8Array(await readFile(join(photos, file)))]), file);
  form.append('prompt', `on a beach: ${file}`);
  form.append('model', 'gpt-image-1');
  form.append('response_format', 'url');
  return world.call<{ error?: { code: string; param: string } }>('POST', '/v1/images/edits', form);
}
const callsFor = async (file: string) =>
  (await world.simulator.ledger()).filter(({ prompt }) => prompt === `on a beach: ${file}`);

describe('a photo to be edited', () => {
  test.each(taken)('%s is taken, and one edit is bought', async (file) => {
    expect((await edit(file)).status).toBe(200);
    expect((await callsFor(file)).map(({ path, charged }) => [path, charged])).toEqual([['/v1/images/edits', true]]);
  });

  test.each(refused)('%s is refused as %s, and nothing is asked of the provider', async (file, code) => {
    const { status, body } = await edit(file);
    expect([status, body.error?.code, body.error?.param]).toEqual([400, code, 'image']);
    expect(await callsFor(file)).toEqual([]);
  });

  test('has its row here, whichever it is', async () => {
    const files = (await readdir(photos)).filter((file) => !file.endsWith('.md')).sort();
    expect(files).toEqual([...taken, ...refused.map(([file]) => file)].sort());
  });
});
