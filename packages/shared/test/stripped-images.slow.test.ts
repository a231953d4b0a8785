import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import sharp, { type Sharp } from 'sharp';
import { ingestImage, ingestMask } from '@rendermill/shared/adapters/images/ingest';
import { RendermillError } from '@rendermill/shared/domain/errors';
import { fc } from '../../../test/properties.js';
import { jpegSegment, pngChunk, pngOfZeros, withGps, withPngChunks, zipOf } from '../../../test/hostile-images.js';

/** What stands in an image's file beside its picture reaches nobody; its pixels stay as they are. */

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'rm-strip-'));
});
afterAll(async () => rm(dir, { recursive: true }));

let files = 0;
async function put(bytes: Buffer): Promise<string> {
  const path = join(dir, String(files++));
  await writeFile(path, bytes);
  return path;
}

/** The file that is made of these bytes. */
async function cleaned(bytes: Buffer): Promise<Buffer> {
  return readFile((await ingestImage(await put(bytes), 'image', null)).path);
}

const photo = (): Sharp =>
  sharp({
    create: {
      width: 160,
      height: 90,
      channels: 3,
      background: '#808080',
      noise: { type: 'gaussian', mean: 120, sigma: 50 },
    },
  });
const pixels = async (bytes: Buffer): Promise<Buffer> => sharp(bytes).raw().toBuffer();

const coded: readonly [string, () => Promise<Buffer>][] = [
  ['a baseline JPEG', async () => photo().jpeg().toBuffer()],
  ['a progressive JPEG', async () => photo().jpeg({ progressive: true, quality: 97 }).toBuffer()],
  ['a grey JPEG', async () => photo().toColourspace('b-w').jpeg().toBuffer()],
  ['a PNG', async () => photo().png().toBuffer()],
  ['an interlaced PNG', async () => photo().png({ progressive: true }).toBuffer()],
  ['a PNG with a palette', async () => photo().png({ palette: true }).toBuffer()],
  ['a WebP', async () => photo().webp().toBuffer()],
  ['a lossless WebP', async () => photo().webp({ lossless: true }).toBuffer()],
  ['a WebP with alpha', async () => photo().ensureAlpha(0.5).webp().toBuffer()],
];

describe.each(coded)('%s', (_what, make) => {
  test('is stripped of place, owner and what stands behind it, and keeps every pixel', async () => {
    const whole = await make();
    const dirty = Buffer.concat([await withGps(whole), zipOf('payload.html', '<script>')]);
    const clean = await cleaned(dirty);
    const { exif, xmp, width } = await sharp(clean).metadata();
    expect([exif, xmp, width]).toEqual([undefined, undefined, 160]);
    for (const secret of ['GPS', 'A. Nobody', 'PK\x03\x04', '<script>', 'Exif', 'xmp'])
      expect(clean.includes(secret)).toBe(false);
    expect((await pixels(clean)).equals(await pixels(dirty))).toBe(true);
  });

  test('with a colour profile keeps it: it says what the pixels mean', async () => {
    const whole = await sharp(await make())
      .withIccProfile('p3')
      .toFormat((await sharp(await make()).metadata()).format)
      .toBuffer();
    const { icc } = await sharp(await cleaned(await withGps(whole))).metadata();
    expect(icc?.equals((await sharp(whole).metadata()).icc ?? Buffer.alloc(0))).toBe(true);
  });

  test('with bytes changed anywhere is refused, or keeps every pixel that it still has', async () => {
    const dirty = await withGps(await make());
    const changes = fc.array(fc.tuple(fc.nat(dirty.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 });
    const property = fc.asyncProperty(changes, fc.nat(dirty.length), async (changed, length) => {
      const bytes = Buffer.from(length % 2 === 0 ? dirty : dirty.subarray(0, length));
      for (const [at, value] of changed) bytes[at] = value;
      const clean = await cleaned(bytes).catch((error: unknown) => error);
      if (clean instanceof RendermillError) return;
      if (!Buffer.isBuffer(clean)) throw clean;
      expect((await pixels(clean)).equals(await pixels(bytes))).toBe(true);
    });
    await fc.assert(property, { numRuns: 60 });
  });

  test('with nothing beside its picture stays as it is, byte for byte', async () => {
    const once = await cleaned(await make());
    expect((await cleaned(once)).equals(once)).toBe(true);
  });
});

describe('a JPEG', () => {
  test.each([90, 91, 97, 200, 1001])('of %p rows is refused when any of its last bytes is damaged', async (height) => {
    const make = { width: 160, height, channels: 3, background: '#808080' } as const;
    const whole = await sharp({ create: { ...make, noise: { type: 'gaussian', mean: 120, sigma: 50 } } })
      .jpeg()
      .toBuffer();
    const verdicts = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        const bytes = Buffer.from(whole);
        bytes[whole.length - 400 + 9 * i] = 0xff;
        const decodes = await pixels(bytes).then(
          () => true,
          () => false,
        );
        const taken = await cleaned(bytes).then(
          () => true,
          () => false,
        );
        return [decodes, taken];
      }),
    );
    expect(verdicts.map(([, taken]) => taken)).toEqual(verdicts.map(([decodes]) => decodes));
    expect(verdicts.filter(([decodes]) => !decodes).length).toBeGreaterThan(0);
  });

  test('with a second picture behind its end (a phone’s live photo, a preview) keeps the first', async () => {
    const [first, second] = [
      await photo().jpeg().toBuffer(),
      await sharp(await photo().png().toBuffer())
        .negate()
        .jpeg()
        .toBuffer(),
    ];
    const clean = await cleaned(Buffer.concat([first, second]));
    expect((await pixels(clean)).equals(await pixels(first))).toBe(true);
    expect(clean.length).toBeLessThanOrEqual(first.length);
  });

  test('with comments, thumbnails and makers’ segments loses them', async () => {
    const whole = await photo().jpeg().toBuffer();
    const extra = [0xe1, 0xe2, 0xe3, 0xed, 0xef, 0xfe].map((marker) =>
      jpegSegment(marker, Buffer.from(`secret ${marker}`)),
    );
    const clean = await cleaned(Buffer.concat([whole.subarray(0, 2), ...extra, whole.subarray(2)]));
    expect(clean.equals(await cleaned(whole))).toBe(true);
    expect(clean.includes('secret')).toBe(false);
  });
});

test.each([
  [300, 200, 3],
  [2_000, 1_500, 4],
  [4_000, 1_000, 1],
] as const)('a bomb is a picture: %p × %p × %p', async (width, height, channels) => {
  const { data, info } = await sharp(pngOfZeros(width, height, channels))
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect([info.width, info.height, data.every((byte) => byte === 0)]).toEqual([width, height, true]);
});

test('a PNG with a chunk nobody knows loses it', async () => {
  const whole = await photo().png().toBuffer();
  const clean = await cleaned(
    withPngChunks(whole, [pngChunk('teSt', Buffer.from('secret')), pngChunk('tEXt', Buffer.from('a\0b'))]),
  );
  expect(clean.equals(await cleaned(whole))).toBe(true);
});

test('a PNG in 60,000 chunks is made anew, with the same pixels', async () => {
  const whole = await photo().png().toBuffer();
  const tiny = Array.from({ length: 60_000 }, () => pngChunk('teSt', Buffer.alloc(0)));
  const clean = await cleaned(withPngChunks(whole, tiny));
  expect(clean.length).toBeLessThan(whole.length * 2);
  expect((await pixels(clean)).equals(await pixels(whole))).toBe(true);
});

describe('a mask', () => {
  const size = { width: 64, height: 32 };
  /** Grey from black to white, with a part that is transparent: paper, that is. */
  const grey = (format: 'png' | 'jpeg' | 'webp', alpha: boolean) => {
    const channels = alpha ? 4 : 3;
    const data = Buffer.alloc(size.width * size.height * channels);
    for (let i = 0; i < size.width * size.height; i++) {
      data.fill(i % 256, i * channels, i * channels + 3);
      if (alpha) data[i * 4 + 3] = i % 3 === 0 ? 0 : 255;
    }
    return sharp(data, { raw: { ...size, channels } })
      .toFormat(format, { lossless: true })
      .toBuffer();
  };

  test.each([
    ['png', false, 'luminance'],
    ['png', false, 'inverted'],
    ['png', true, 'luminance'],
    ['png', true, 'inverted'],
    ['webp', true, 'inverted'],
    ['jpeg', false, 'luminance'],
  ] as const)('in %s (alpha: %p) by %s has the luminance of each pixel as its alpha', async (format, alpha, how) => {
    const given = await grey(format, alpha);
    const { path } = await ingestMask(await put(given), how, size, null);
    const { data, info } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
    const seen = await sharp(given).flatten({ background: '#ffffff' }).toColourspace('b-w').raw().toBuffer();
    expect(info).toMatchObject({ ...size, channels: 4 });
    const expected = [...seen].map((value) => (how === 'luminance' ? value : 255 - value));
    expect([...data].filter((_, i) => i % 4 === 3)).toEqual(expected);
    expect([...data].filter((_, i) => i % 4 !== 3).every((value) => value === 0)).toBe(true);
  });

  test.each([
    ['opaque', 255, 'invalid_mask'],
    ['opaque but for its last pixel', 0, null],
  ])('that is %s', async (_what, last, code) => {
    const data = Buffer.alloc(size.width * size.height * 4, 255);
    data[data.length - 1] = last;
    const mask = await sharp(data, { raw: { ...size, channels: 4 } })
      .png()
      .toBuffer();
    const answer = await ingestMask(await put(mask), undefined, size, null).catch((error: unknown) => error);
    expect((answer as { code?: string }).code ?? null).toBe(code);
  });

  test.each(['b-w', 'rgb16', 'grey16'] as const)('in %s with alpha is a mask', async (space) => {
    const mask = await sharp({ create: { ...size, channels: 4, background: '#00000000' } })
      .toColourspace(space)
      .png()
      .toBuffer();
    const { facts, path } = await ingestMask(await put(mask), undefined, size, null);
    expect(facts).toMatchObject({ ...size, content_type: 'image/png' });
    expect((await sharp(path).metadata()).depth).toBe('uchar');
  });

  test('is stripped like an image', async () => {
    const mask = await sharp({ create: { ...size, channels: 4, background: '#00000000' } })
      .png()
      .toBuffer();
    const { path } = await ingestMask(await put(await withGps(mask)), undefined, size, null);
    expect((await sharp(path).metadata()).exif).toBeUndefined();
  });
});
