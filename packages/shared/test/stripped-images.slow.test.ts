import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
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

/** What a decoder skips inside the parts that it reads. */
describe('a text that is hidden', () => {
  const secret = Buffer.from('GPS 51.5007N 0.1246W, A. Nobody');
  const inserted = (at: number, more: Buffer) => (bytes: Buffer) =>
    Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at)]);
  const thumbnail = Buffer.concat([
    Buffer.from('JFIF\0\x01\x02\0\0\x01\0\x01\x08\x08', 'latin1'),
    Buffer.alloc(192, 7),
  ]);
  const jpegs: readonly [string, (jpeg: Buffer) => Buffer][] = [
    ['behind a JFIF thumbnail', inserted(2, jpegSegment(0xe0, Buffer.concat([thumbnail, secret])))],
    ['in a JFXX thumbnail', inserted(2, jpegSegment(0xe0, Buffer.concat([Buffer.from('JFXX\0\x10'), secret])))],
    [
      'in a JFIF segment cut short',
      inserted(2, jpegSegment(0xe0, Buffer.concat([Buffer.from('JFIF\0'), secret.subarray(0, 8)]))),
    ],
    [
      'behind Adobe’s twelve bytes',
      inserted(2, jpegSegment(0xee, Buffer.concat([Buffer.from('Adobe\0\x64\0\0\0\0\x01', 'latin1'), secret]))),
    ],
    ['in a segment of lines', inserted(2, jpegSegment(0xdc, secret))],
    ['in a segment behind the scan', (jpeg) => inserted(jpeg.length - 2, jpegSegment(0xdb, secret))(jpeg)],
    [
      'in a second scan',
      (jpeg) =>
        inserted(jpeg.length - 2, Buffer.concat([jpegSegment(0xda, Buffer.from([1, 1, 0, 0, 63, 0])), secret]))(jpeg),
    ],
    [
      'in a profile of a number that is not there',
      inserted(2, jpegSegment(0xe2, Buffer.concat([Buffer.from('ICC_PROFILE\0\x05\x01'), secret]))),
    ],
  ];
  test.each(jpegs)('%s of a JPEG is gone, and every pixel and byte as without it', async (_where, hide) => {
    for (const whole of [await photo().jpeg().toBuffer(), await photo().withIccProfile('p3').jpeg().toBuffer()]) {
      const dirty = hide(whole);
      const clean = await cleaned(dirty);
      expect(clean.includes('51.5007')).toBe(false);
      expect(clean.includes('Nobody')).toBe(false);
      expect(clean.includes('GPS')).toBe(false);
      expect((await pixels(clean)).equals(await pixels(dirty))).toBe(true);
    }
  });

  test('behind Adobe’s twelve bytes of a CMYK JPEG is gone, and its colours are not turned', async () => {
    const whole = await photo().toColourspace('cmyk').jpeg().toBuffer();
    const at = whole.indexOf('Adobe');
    const length = whole.readUInt16BE(at - 2);
    expect(length).toBe(14);
    const dirty = inserted(at + 12, secret)(whole);
    dirty.writeUInt16BE(length + secret.length, at - 2);
    const clean = await cleaned(dirty);
    expect(clean.includes('Nobody')).toBe(false);
    expect(clean.equals(await cleaned(whole))).toBe(true);
  });

  const rows = (more: number) => {
    const data = Buffer.alloc(64 * (64 * 3 + 1), 9);
    for (let y = 0; y < 64; y++) data[y * 193] = 0;
    return deflateSync(Buffer.concat([data, ...(more > 0 ? [secret] : [])]), { level: 0 });
  };
  const png = (idat: readonly Buffer[], before: readonly Buffer[] = []) => {
    const bytes = pngOfZeros(64, 64, 3);
    const body = [...before, ...idat.map((data) => pngChunk('IDAT', data)), pngChunk('IEND', Buffer.alloc(0))];
    return Buffer.concat([bytes.subarray(0, 33), ...body]);
  };
  const pngs: readonly [string, Buffer][] = [
    ['in a chunk of data of its own', png([rows(0), secret])],
    ['behind the data of its only chunk', png([Buffer.concat([rows(0), secret])])],
    ['behind the last row', png([rows(1)])],
    ...['tRNS', 'gAMA', 'cHRM', 'sRGB', 'sBIT', 'cICP', 'pHYs', 'PLTE'].map((type): [string, Buffer] => [
      `in ${type}`,
      png([rows(0)], [pngChunk(type, secret.subarray(0, 30))]),
    ]),
    [
      'in a second pHYs',
      png([rows(0)], [pngChunk('pHYs', Buffer.alloc(9, 1)), pngChunk('pHYs', secret.subarray(0, 9))]),
    ],
  ];
  test.each(pngs)('%s of a PNG is gone, and every pixel as it was', async (_where, dirty) => {
    expect(dirty.includes('GPS 51.50')).toBe(true);
    const clean = await cleaned(dirty);
    expect(clean.includes('GPS')).toBe(false);
    expect((await pixels(clean)).equals(await pixels(dirty))).toBe(true);
  });

  test('in the name of a PNG’s profile, or behind it, is gone, and the profile stays', async () => {
    const { icc } = await sharp(await photo().withIccProfile('p3').png().toBuffer()).metadata();
    const body = deflateSync(Buffer.concat([icc ?? Buffer.alloc(0), secret]), { level: 0 });
    const name = Buffer.from(`${secret.toString()}\0\0`);
    const profiles = [Buffer.concat([name, body, secret]), Buffer.concat([name, deflateSync(icc ?? ''), secret])];
    for (const profile of profiles) {
      const dirty = png([rows(0)], [pngChunk('iCCP', profile)]);
      const clean = await cleaned(dirty);
      expect(clean.includes('Nobody')).toBe(false);
      expect((await pixels(clean)).equals(await pixels(dirty))).toBe(true);
    }
    const clean = await cleaned(png([rows(0)], [pngChunk('iCCP', profiles[1] ?? Buffer.alloc(0))]));
    expect((await sharp(clean).metadata()).icc?.equals(icc ?? Buffer.alloc(0))).toBe(true);
  });

  test.each(['RSVD', 'VP8 '])('in a chunk %s behind a WebP’s picture is gone, or the file refused', async (type) => {
    const whole = await photo().ensureAlpha(0.5).webp().toBuffer();
    const head = Buffer.concat([Buffer.from(type), Buffer.from([secret.length, 0, 0, 0])]);
    const dirty = Buffer.concat([whole, head, secret, Buffer.alloc(secret.length % 2)]);
    dirty.writeUInt32LE(dirty.length - 8, 4);
    const clean = await cleaned(dirty).catch((error: unknown) => error);
    if (type === 'VP8 ') expect(clean).toMatchObject({ code: 'invalid_image' });
    else expect((clean as Buffer).equals(await cleaned(whole))).toBe(true);
  });

  test('in the bits that a WebP’s head reserves is gone', async () => {
    const whole = await photo().ensureAlpha(0.5).webp().toBuffer();
    const dirty = Buffer.from(whole);
    dirty.write('GPS', 21, 'latin1');
    expect((await cleaned(dirty)).equals(await cleaned(whole))).toBe(true);
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
