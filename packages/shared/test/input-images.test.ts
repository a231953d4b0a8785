import { copyFile, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { ingestImage } from '@rendermill/shared/adapters/images/ingest';
import { RendermillError } from '@rendermill/shared/domain/errors';

/** Photos as people upload them: good, odd, broken and hostile. */

const photos = fileURLToPath(new URL('./fixtures/photos/', import.meta.url));
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'rm-photos-'));
});
afterAll(async () => rm(dir, { recursive: true }));

async function ingest(file: string) {
  const path = join(dir, `${Math.random()}-${basename(file)}`);
  await copyFile(join(photos, file), path);
  return ingestImage(path, 'image', null);
}

/** Both as 8-bit pixels, in one order of channels. */
async function samePixels(one: string | Buffer, other: string | Buffer): Promise<boolean> {
  const pixels = async (file: string | Buffer) => sharp(file).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  const [a, b] = [await pixels(one), await pixels(other)];
  return a.info.width === b.info.width && a.info.channels === b.info.channels && a.data.equals(b.data);
}

describe('an input image', () => {
  test.each([
    ['product-drink-transparent.png', 2160, 2160],
    ['product-mug-palette-alpha.png', 1360, 1190],
    ['product-purifier.webp', 1024, 1024],
    ['product-jeans-closeup.webp', 1024, 1024],
    ['fully-transparent.png', 300, 300],
  ])('%s keeps every pixel', async (file, width, height) => {
    const { path, facts } = await ingest(file);
    expect(facts).toMatchObject({ width, height });
    expect(await samePixels(path, join(photos, file))).toBe(true);
    // Nothing was encoded again: what is less was beside the picture.
    const { size } = await stat(join(photos, file));
    expect(facts.bytes).toBeGreaterThan(0.9 * size);
    expect(facts.bytes).toBeLessThanOrEqual(size);
  });

  test('animated-apng.png, a PNG to whoever knows no APNG, is its first picture', async () => {
    const { path, facts } = await ingest('animated-apng.png');
    expect(facts).toMatchObject({ width: 100, height: 100 });
    expect(await samePixels(path, join(photos, 'animated-apng.png'))).toBe(true);
  });

  test.each([
    ['exif-orientation-6.jpg', 600, 450],
    ['exif-orientation-8.jpg', 450, 600],
    ['cmyk-no-profile.jpg', 500, 333],
    ['gray-16bit-alpha.png', 109, 96],
    ['rgb-16bit.png', 900, 600],
    ['interlaced-16bit-rgba.png', 32, 32],
  ])('%s is made upright 8-bit sRGB, as no provider reads it otherwise', async (file, width, height) => {
    const { path, facts } = await ingest(file);
    const { data: _, info } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
    const meta = await sharp(path).metadata();
    expect([info.width, info.height, meta.depth, meta.orientation ?? 1]).toEqual([width, height, 'uchar', 1]);
    expect(['srgb', 'b-w']).toContain(meta.space);
    expect(facts).toMatchObject({ width, height, content_type: 'image/png' });
  });

  test.each([
    ['animated.webp', 'animated_image'],
    ['bomb-65536x65536.png', 'image_too_large'],
    ['truncated.jpg', 'invalid_image'],
    ['truncated.png', 'invalid_image'],
    ['corrupt-header.jpg', 'invalid_image'],
    ['bad-crc.png', 'invalid_image'],
    ['added-lf-bytes.png', 'unsupported_image_format'],
    ['zero-byte.jpg', 'empty_image'],
  ])('%s is refused as %s', async (file, code) => {
    const refusal = await ingest(file).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(RendermillError);
    expect(refusal).toMatchObject({ code, param: 'image', status: 400 });
  });
});
