import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import sharp, { type Sharp } from 'sharp';
import { liveBytes } from '@rendermill/shared/testing/live-memory';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import type { Refusal } from '../../../../test/batch-calls.js';
import { callsFor, read, sha } from '../../../../test/clients/support.js';
import {
  animated,
  pngOfZeros,
  pngSignature,
  textBomb,
  withBadSum,
  withGps,
  zipOf,
} from '../../../../test/hostile-images.js';
import { uploadsOnDisk } from '../../../../test/uploads-on-disk.js';
import { until } from '../../../../test/until.js';
import { createWorld, type World } from '../../../../test/world.js';
import { section } from './corpus.js';
import { slackBytes } from './run-section.js';

/** Section G of the corpus: images as they are uploaded. What is refused costs nothing; what is taken reaches the provider clean. */

let world: World;
let peak: number;
beforeAll(async () => {
  world = await createWorld();
  peak = process.resourceUsage().maxRSS;
});
afterAll(async () => world.close());

type Part = readonly [name: string, value: string | Buffer, fileName?: string];

const noise = (width: number, height = width): Sharp =>
  sharp({
    create: { width, height, channels: 3, background: '#808080', noise: { type: 'gaussian', mean: 128, sigma: 40 } },
  });
const flat = (width: number, alpha: number, height = width): Sharp =>
  sharp({ create: { width, height, channels: 4, background: { r: 200, g: 80, b: 40, alpha } } });
const png = async (): Promise<Buffer> => noise(64).png().toBuffer();
const jpeg = async (): Promise<Buffer> => noise(200).jpeg().toBuffer();

/** One image, by whatever name. */
const image =
  (make: () => Promise<Buffer> | Buffer, name = 'image.png') =>
  async (): Promise<Part[]> => [['image', await make(), name]];
/** A good image of 64 × 64 with a mask. */
const mask = (make: () => Promise<Buffer>) => async (): Promise<Part[]> => [
  ['image', await png(), 'image.png'],
  ['mask', await make(), 'mask.png'],
];
const svg = (body: string): string => `<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100">${body}</svg>`;
const laughs = `<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha">${['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i']
  .map((name, i) => `<!ENTITY ${name} "${`&${'abcdefgh'[i]};`.repeat(10)}">`)
  .join('')}]>${svg('<text>&i;</text>')}`;

function bmp(): Buffer {
  const head = Buffer.alloc(54);
  head.write('BM', 'latin1');
  for (const [at, value] of [
    [2, 54 + 64 * 64 * 3],
    [10, 54],
    [14, 40],
    [18, 64],
    [22, 64],
  ] as const)
    head.writeUInt32LE(value, at);
  head.writeUInt16LE(1, 26);
  head.writeUInt16LE(24, 28);
  return Buffer.concat([head, randomBytes(64 * 64 * 3)]);
}

const cut = async (bytes: Promise<Buffer>, share: number): Promise<Buffer> => {
  const whole = await bytes;
  return whole.subarray(0, Math.floor(whole.length * share));
};

const several = async (count: number, name: string): Promise<Part[]> => {
  const one = await png();
  return Array.from({ length: count }, (): Part => [name, one, 'image.png']);
};

const sends: Record<number, () => Promise<Part[]>> = {
  275: image(png),
  276: image(async () => withGps(await jpeg()), 'photo.jpg'),
  277: image(async () => noise(64).webp().toBuffer(), 'image.webp'),
  278: image(() => Buffer.from(svg('<rect width="9" height="9"/>')), 'image.svg'),
  279: image(() => Buffer.from(svg('<script>alert(1)</script>'))),
  280: image(() => Buffer.from(laughs)),
  281: image(() => Buffer.from('<!doctype html><script>alert(1)</script>')),
  282: image(() => Buffer.from('%PDF-1.7\n%âãÏÓ\n1 0 obj<</Type/Catalog>>endobj\n', 'latin1')),
  283: image(async () => animated('gif')),
  284: image(async () => animated('webp')),
  285: image(async () => noise(64).tiff().toBuffer()),
  286: image(async () => noise(64).avif({ effort: 0 }).toBuffer()),
  287: image(bmp),
  288: image(() => Buffer.alloc(0)),
  289: image(() => pngSignature),
  290: image(() => Buffer.concat([pngSignature, Buffer.from('<!doctype html><script>alert(1)</script>')])),
  291: image(async () => cut(jpeg(), 0.5), 'photo.jpg'),
  292: image(async () => jpeg().then((bytes) => bytes.subarray(0, -64)), 'photo.jpg'),
  293: image(async () => cut(png(), 0.5)),
  294: image(async () => withBadSum(await png())),
  295: image(() => pngOfZeros(30_000, 30_000, 1)),
  296: image(() => pngOfZeros(16_383, 16_383, 4)),
  297: image(async () => noise(10_000, 1).png().toBuffer()),
  298: image(async () => noise(1).png().toBuffer()),
  299: image(() => pngOfZeros(1, 1, 3, [textBomb(200 * 1024 * 1024)])),
  300: image(
    async () => Buffer.concat([await jpeg(), zipOf('payload.html', '<script>alert(1)</script>')]),
    'photo.jpg',
  ),
  301: async () => [],
  302: async () => several(17, 'image[]'),
  303: async () => several(18, 'image[]'),
  304: mask(async () => noise(64).jpeg().toBuffer()),
  305: mask(async () => flat(32, 0).png().toBuffer()),
  306: async () => {
    const one = await flat(64, 0).png().toBuffer();
    return [
      ['image', await png(), 'image.png'],
      ['mask', one, 'a.png'],
      ['mask', one, 'b.png'],
    ];
  },
  307: mask(async () => flat(64, 0).png().toBuffer()),
  308: async () => [
    ['image', await png(), 'image.png'],
    ['picture', await png(), 'image.png'],
  ],
  309: async () => [
    ['image', await png(), 'image.png'],
    ['n', '1e1'],
  ],
  310: image(async () => Buffer.concat([await png(), Buffer.alloc(50 * 1024 * 1024)])),
};

const rows = section('G', {});
const prompt = (n: number): string => `corpus row ${n}`;

async function edit(n: number, parts: readonly Part[]) {
  const form = new FormData();
  form.append('prompt', prompt(n));
  form.append('model', 'gpt-image-1');
  for (const [name, value, fileName] of parts) {
    if (typeof value === 'string') form.append(name, value);
    else form.append(name, new Blob([new Uint8Array(value)]), fileName);
  }
  return world.call<Partial<Refusal & PresentedJob>>('POST', '/v1/images/edits', form, { prefer: 'respond-async' });
}

test('every row has its image here', () => {
  expect(Object.keys(sends).map(Number)).toEqual(rows.map(({ n }) => n));
});

test.each(rows)('row $n: $input is $status $code', async ({ n, status, code }) => {
  const make = sends[n];
  if (!make) throw new Error(`row ${n} has no image`);
  const parts = await make();
  const answer = await edit(n, parts);
  expect([answer.status, answer.body.error?.code ?? null]).toEqual([status, code]);
  if (status === 202) {
    expect((await world.ended(answer.body.id ?? '')).status).toBe('completed');
    await expectClean(n, answer.body.id ?? '', parts);
  } else expect(await callsFor(world, prompt(n))).toEqual([]);
  await until(async () => (await uploadsOnDisk(world)).length === 0);
  expect((await world.call('GET', '/healthz')).status).toBe(200);
});

/** What the provider got is what is stored, has the pixels that were sent, and nothing beside them. */
async function expectClean(n: number, id: string, parts: readonly Part[]): Promise<void> {
  const [call] = await callsFor(world, prompt(n));
  const stored: Buffer[] = [];
  for await (const { key } of world.storage.list('default/jobs/'))
    if (key.includes(`${id}/inputs/`)) stored.push(await read(world, key));
  const got = [...(call?.inputs ?? []), ...(call?.mask ? [call.mask] : [])].map(({ sha256 }) => String(sha256));
  expect(got.length).toBe(parts.length);
  expect(got.sort()).toEqual(stored.map(sha).sort());
  const pixels = async (bytes: Buffer): Promise<string> => sha(await sharp(bytes).raw().toBuffer());
  const sent = parts.map(([, value]) => value as Buffer);
  expect((await Promise.all(stored.map(pixels))).sort()).toEqual((await Promise.all(sent.map(pixels))).sort());
  for (const bytes of stored) {
    for (const trace of ['Exif', 'GPS', 'A. Nobody', 'PK\x03\x04', '<script>'])
      expect(bytes.includes(trace)).toBe(false);
    expect((await sharp(bytes).metadata()).exif).toBeUndefined();
  }
}

test('asked again, leaves memory as it was', async () => {
  const before = liveBytes();
  for (const { n } of rows) {
    const { status, body } = await edit(n, (await sends[n]?.()) ?? []);
    if (status === 202) await world.ended(body.id ?? '');
  }
  await until(async () => (await uploadsOnDisk(world)).length === 0);
  // What a connection or a form that just ended still holds goes within a moment.
  await until(async () => liveBytes() - before < slackBytes);
});

test('nothing answered 5xx, and no bomb went off', () => {
  const statuses = world.logs.flatMap(({ status }) => (typeof status === 'number' ? [status] : []));
  expect(statuses.length).toBeGreaterThan(rows.length);
  expect(statuses.filter((status) => status >= 500)).toEqual([]);
  // Kilobytes: the larger bombs take a gigabyte where they are decoded.
  expect(process.resourceUsage().maxRSS - peak).toBeLessThan(700_000);
});
