import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { checkInputImage } from '@rendermill/shared/adapters/images/check-input';
import { cleanImage } from '@rendermill/shared/adapters/images/clean';
import { decodes } from '@rendermill/shared/adapters/images/decode';
import { pngOfZeros } from '../../../test/hostile-images.js';

/** Pictures that are too large for something. */

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'rm-heavy-'));
});
afterAll(async () => rm(dir, { recursive: true }));

let files = 0;
async function put(bytes: Buffer): Promise<string> {
  const path = join(dir, String(files++));
  await writeFile(path, bytes);
  return path;
}

test('a bomb is refused while others are being decoded, and a good picture waits for them', async () => {
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const others = Array.from({ length: decodes.concurrency }, async () => decodes(async () => gate));
  const events: string[] = [];
  const good = checkInputImage(await put(pngOfZeros(64, 64, 3)), 'image').then(() => events.push('decoded'));
  const bombs: readonly [Buffer, string][] = [
    [pngOfZeros(16_383, 16_383, 4), 'image_too_large'],
    [pngOfZeros(9_000, 32, 1), 'image_too_large'],
    [pngOfZeros(1, 1, 3), 'image_too_small'],
    [Buffer.from('<!doctype html>'), 'unsupported_image_format'],
    [pngOfZeros(64, 64, 3).subarray(0, 20), 'invalid_image'],
  ];
  for (const [bytes, code] of bombs)
    await expect(checkInputImage(await put(bytes), 'image')).rejects.toMatchObject({ code });
  events.push('refused', 'released');
  release();
  await Promise.all([good, ...others]);
  expect(events).toEqual(['refused', 'released', 'decoded']);
});

describe('a picture that is too large as PNG once it is made upright', () => {
  const turned = async (alpha: number | null): Promise<string> => {
    const make = sharp({ create: { width: 96, height: 64, channels: 3, background: '#30a060' } });
    const image = alpha === null ? make : make.ensureAlpha(alpha);
    return put(await image.withMetadata({ orientation: 6 }).png().toBuffer());
  };

  test.each([
    ['without alpha', null],
    ['with alpha that is nowhere transparent', 1],
  ])('%s is a JPEG', async (_what, alpha) => {
    const { path, image } = await cleanImage(await turned(alpha), 'image', 100);
    expect(image).toMatchObject({ type: 'image/jpeg', width: 64, height: 96 });
    const [red = 0, green = 0, blue = 0] = await sharp(path).raw().toBuffer();
    expect([red, green, blue].every((value, i) => Math.abs(value - ([0x30, 0xa0, 0x60][i] ?? 0)) < 4)).toBe(true);
  });

  test('and transparent is refused, not made black', async () => {
    const path = await turned(0.5);
    await expect(cleanImage(path, 'image', 100)).rejects.toMatchObject({ code: 'image_too_large', param: 'image' });
  });

  test('and transparent keeps its alpha where the PNG fits', async () => {
    const { path, image } = await cleanImage(await turned(0.5), 'image');
    expect(image).toMatchObject({ type: 'image/png', width: 64, height: 96, hasAlpha: true });
    expect((await sharp(path).raw().toBuffer())[3]).toBe(127);
  });
});
