import { describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { decode, filesOf, firstOf, generated, sha256, simulate } from './support.js';

describe('drawn images', () => {
  test.each([
    ['png', '1024x1024'],
    ['png', '1536x1024'],
    ['jpeg', '1024x1536'],
    ['webp', '640x1920'],
    ['png', '256x256'],
    ['jpeg', '16x16'],
  ])('a %s of %s decodes to that format and size', async (output_format, size) => {
    const simulator = await simulate();
    const body = await generated(simulator, { output_format, size });
    const image = await decode(firstOf(filesOf(body)));
    expect(image.format).toBe(output_format);
    expect(`${image.width}x${image.height}`).toBe(size);
    expect(body).toMatchObject({ size, output_format });
  });

  test('auto becomes a square of 1024 in medium quality', async () => {
    const simulator = await simulate();
    const body = await generated(simulator, { size: 'auto', quality: 'auto' });
    expect(body).toMatchObject({ size: '1024x1024', quality: 'medium', background: 'opaque' });
    expect(await decode(firstOf(filesOf(body)))).toMatchObject({ width: 1024, height: 1024 });
  });

  test('every image of every request differs, for the same prompt too', async () => {
    const simulator = await simulate();
    const answers = [await generated(simulator, { n: 4 }), await generated(simulator, { n: 4 })];
    const hashes = answers.flatMap(filesOf).map(sha256);
    expect(new Set(hashes).size).toBe(8);
  });

  test('the same request to a fresh simulator gives the same bytes', async () => {
    const [one, other] = [await simulate(), await simulate()];
    expect(filesOf(await generated(one))).toEqual(filesOf(await generated(other)));
  });

  test.each(['png', 'webp'])('a transparent background leaves the corners of a %s clear', async (output_format) => {
    const simulator = await simulate();
    const body = await generated(simulator, { background: 'transparent', output_format });
    const { pixels, width } = await decode(firstOf(filesOf(body)));
    const alphaAt = (x: number, y: number): number | undefined => pixels[(y * width + x) * 4 + 3];
    expect([alphaAt(0, 0), alphaAt(255, 255), alphaAt(128, 128)]).toEqual([0, 0, 255]);
    expect(body.background).toBe('transparent');
  });

  test('an opaque picture has no alpha channel', async () => {
    const simulator = await simulate();
    const file = firstOf(filesOf(await generated(simulator)));
    expect((await sharp(file).metadata()).hasAlpha).toBe(false);
  });

  test.each([
    ['markup', '<b>bold</b> & "quotes" <span foreground="#zzz">'],
    ['Chinese', '一只红色的杯子放在橡木桌上，晨光'],
    ['emoji and joiners', '👩‍👩‍👧‍👦 family portrait 🏖️'],
    ['right-to-left', 'كوب أحمر على طاولة'],
    ['control characters and lone surrogates', 'a\u0000b\u0007c\ud800d'],
    ['a single very long word', 'x'.repeat(3_000)],
    ['32,000 characters', 'word '.repeat(6_400)],
    ['blanks', '   \n  '],
    ['nothing that prints', '\u0000\u0007'],
  ])('a prompt with %s is drawn', async (_name, prompt) => {
    const simulator = await simulate();
    const body = await generated(simulator, { prompt });
    expect(await decode(firstOf(filesOf(body)))).toMatchObject({ width: 256, height: 256 });
  });

  test('the prompt is visible: the sky is not smooth where its letters are', async () => {
    const simulator = await simulate();
    const file = firstOf(filesOf(await generated(simulator, { prompt: 'A wide line of text', size: '512x512' })));
    const unrest = async (top: number): Promise<number> => {
      // Along a row of sky nothing changes but letters.
      const row = await sharp(file)
        .extract({ left: 33, top, width: 300, height: 1 })
        .greyscale()
        .toColourspace('b-w')
        .raw()
        .toBuffer();
      return Math.max(...row) - Math.min(...row);
    };
    expect(await unrest(52)).toBeGreaterThan(80);
    expect(await unrest(5)).toBeLessThan(5);
  });

  test('compression makes a JPEG smaller', async () => {
    const [one, other] = [await simulate(), await simulate()];
    const fine = firstOf(filesOf(await generated(one, { output_format: 'jpeg', output_compression: 95 })));
    const coarse = firstOf(filesOf(await generated(other, { output_format: 'jpeg', output_compression: 20 })));
    expect(coarse.length).toBeLessThan(fine.length / 2);
  });
});
