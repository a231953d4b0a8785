import { describe, expect, test } from '@jest/globals';
import { decode, filesOf, firstOf, generated, sha256, simulate } from './support.js';

describe('pool mode', () => {
  test.each([
    ['1024x1024', 1_500_000],
    ['1024x1024', 2_000_000],
    // More than 8 bits a channel can hold, and more than 16.
    ['1024x1024', 6_000_000],
    ['1024x1024', 20_000_000],
    ['3840x2160', 20_000_000],
  ])('an image of %s and %i bytes decodes whole', async (size, bytes) => {
    const simulator = await simulate({ images: { pool: { bytes } } });
    const file = firstOf(filesOf(await generated(simulator, { size })));
    const image = await decode(file);
    expect(`${image.width}x${image.height}`).toBe(size);
    expect(file.length).toBeLessThanOrEqual(bytes);
    expect(file.length).toBeGreaterThanOrEqual(bytes - 2);
    expect(simulator.ledger[0]?.sha256).toEqual([sha256(file)]);
  });

  test('an image whose pixels need more bytes than were asked is as long as it must be', async () => {
    const simulator = await simulate({ images: { pool: { bytes: 50_000 } } });
    const [one, other] = filesOf(await generated(simulator, { size: '3840x2160', n: 2 }));
    expect(await decode(one ?? Buffer.alloc(0))).toMatchObject({ width: 3840, height: 2160 });
    expect(await decode(other ?? Buffer.alloc(0))).toMatchObject({ width: 3840, height: 2160 });
    expect(one?.length).toBeGreaterThan(50_000);
  });

  test('every image differs in its bytes', async () => {
    const simulator = await simulate({ images: { pool: { bytes: 100_000 } } });
    const bodies = await Promise.all(Array.from({ length: 20 }, async () => await generated(simulator, { n: 5 })));
    const hashes = bodies.flatMap(filesOf).map(sha256);
    expect(new Set(hashes).size).toBe(100);
    expect(new Set(simulator.ledger.flatMap((entry) => entry.sha256))).toEqual(new Set(hashes));
  });

  test('noise does not compress', async () => {
    const simulator = await simulate({ images: { pool: { bytes: 3_000_000 } } });
    const file = firstOf(filesOf(await generated(simulator, { size: '1024x1024' })));
    const { pixels } = await decode(file);
    const red = pixels.filter((_, i) => i % 4 === 0);
    expect(new Set(red.subarray(0, 10_000)).size).toBe(256);
    const mean = red.subarray(0, 900_000).reduce((sum, value) => sum + value, 0) / 900_000;
    expect(mean).toBeCloseTo(127.5, -0.5);
  });

  test('links give the same bytes as base64', async () => {
    const simulator = await simulate({ images: { pool: { bytes: 100_000 } }, answers: 'both' });
    const body = await generated(simulator);
    const linked = await fetch(firstOf(body.data).url ?? '');
    expect(Buffer.from(await linked.arrayBuffer())).toEqual(firstOf(filesOf(body)));
  });

  test('other formats than PNG are drawn', async () => {
    const simulator = await simulate({ images: { pool: { bytes: 100_000 } } });
    const file = firstOf(filesOf(await generated(simulator, { output_format: 'webp' })));
    expect((await decode(file)).format).toBe('webp');
  });
});
