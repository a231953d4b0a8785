import { checkInputImage, refuseImage } from './check-input.js';
import { decodes, type DecodedImage } from './decode.js';
import { isOpaque } from './opaque.js';
import { decodeTime, encodeTime, readOptions, sharp } from './sharp.js';

/** A mask for an image of these dimensions: PNG, the same size, with something transparent to edit. */
export async function checkMask(path: string, first: { width: number; height: number }): Promise<DecodedImage> {
  const mask = await checkInputImage(path, 'mask');
  if (mask.type !== 'image/png' || !mask.hasAlpha) {
    refuseImage(
      'invalid_mask',
      'mask',
      "a mask is a PNG with an alpha channel; for a black-and-white one set mask_from to 'luminance'",
    );
  }
  if (mask.width !== first.width || mask.height !== first.height) {
    refuseImage(
      'mask_size_mismatch',
      'mask',
      `the mask is ${mask.width}x${mask.height} and the first image ${first.width}x${first.height}: they must have one size`,
    );
  }
  if (await isOpaque(path))
    refuseImage('invalid_mask', 'mask', 'the mask has no transparent pixel: what is transparent is edited');
  return mask;
}

/**
 * Makes a black-and-white mask into the alpha mask that providers take. `luminance`: black becomes transparent and is
 * replaced; `inverted`: white. Written as PNG to `target`.
 */
export async function maskFromLuminance(path: string, target: string, how: 'luminance' | 'inverted'): Promise<void> {
  await decodes(async () => {
    // In steps, as sharp runs those of one pipeline in an order of its own.
    const { data, info } = await sharp(path, readOptions)
      .flatten({ background: '#ffffff' })
      .toColourspace('b-w')
      .extractChannel(0)
      .raw()
      .timeout(decodeTime)
      .toBuffer({ resolveWithObject: true });
    const { width, height } = info;
    const raw = { width, height, channels: 1 } as const;
    const alpha =
      how === 'luminance'
        ? data
        : await sharp(data, { raw }).negate().toColourspace('b-w').raw().timeout(decodeTime).toBuffer();
    await sharp({ create: { width, height, channels: 3, background: '#000000' } })
      .joinChannel(alpha, { raw })
      .png()
      .timeout(encodeTime)
      .toFile(target);
  });
}
