import { stat } from 'node:fs/promises';
import { RendermillError, type ErrorCode } from '../../domain/errors.js';
import { decodeImage, type DecodedImage, type DecodeFault } from './decode.js';
import { maxPixels, readOptions, sharp } from './sharp.js';

/** Input images and masks: checked in full before anything is paid. Errors name the parameter and what to do. */

/** OpenAI takes input images of less than 50 MB. */
export const maxInputBytes = 50 * 1024 * 1024;
const minSide = 16;
const maxSide = 8_192;

function refuse(code: ErrorCode, param: string, message: string): never {
  throw new RendermillError(code, `${param}: ${message}`, { param });
}

function explain(fault: DecodeFault, param: string): never {
  if (fault.kind === 'empty') refuse('empty_image', param, 'the file is empty');
  if (fault.kind === 'not_image') refuse('unsupported_image_format', param, 'send a PNG, JPEG or WebP image');
  if (fault.kind === 'too_large')
    refuse('image_too_large', param, `an input image has at most ${maxPixels / 1e6} million pixels`);
  refuse('invalid_image', param, `the image is damaged and cannot be decoded (${fault.detail})`);
}

/** An input image that a provider can be given. Throws the error that its sender should see. */
export async function checkInputImage(path: string, param: string): Promise<DecodedImage> {
  const image = await decodeImage(path);
  if ('kind' in image) explain(image, param);
  if (image.type === 'image/gif' || image.type === 'image/svg+xml') {
    refuse('unsupported_image_format', param, 'send a PNG, JPEG or WebP image');
  }
  if (image.pages > 1) refuse('animated_image', param, 'send a still image: this one has several frames');
  if (Math.max(image.width, image.height) > maxSide)
    refuse('image_too_large', param, `a side has at most ${maxSide} pixels`);
  if (Math.min(image.width, image.height) < minSide)
    refuse('image_too_small', param, `a side has at least ${minSide} pixels`);
  return image;
}

/** A mask for an image of these dimensions: PNG, the same size, with something transparent to edit. */
export async function checkMask(path: string, first: { width: number; height: number }): Promise<DecodedImage> {
  const mask = await checkInputImage(path, 'mask');
  if (mask.type !== 'image/png' || !mask.hasAlpha) {
    refuse(
      'invalid_mask',
      'mask',
      "a mask is a PNG with an alpha channel; for a black-and-white one set mask_from to 'luminance'",
    );
  }
  if (mask.width !== first.width || mask.height !== first.height) {
    refuse(
      'mask_size_mismatch',
      'mask',
      `the mask is ${mask.width}x${mask.height} and the first image ${first.width}x${first.height}: they must have one size`,
    );
  }
  const { isOpaque } = await sharp(path, readOptions).stats();
  if (isOpaque) refuse('invalid_mask', 'mask', 'the mask has no transparent pixel: what is transparent is edited');
  return mask;
}

/**
 * Makes a black-and-white mask into the alpha mask that providers take. `luminance`: black becomes transparent and is
 * replaced; `inverted`: white. Written as PNG to `target`.
 */
export async function maskFromLuminance(path: string, target: string, how: 'luminance' | 'inverted'): Promise<void> {
  const { data, info } = await sharp(path, readOptions)
    .flatten({ background: '#ffffff' })
    .toColourspace('b-w')
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  // Done by hand: sharp runs its steps in an order of its own.
  const rgba = Buffer.alloc(width * height * 4);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const luminance = data[pixel * channels] ?? 0;
    rgba[pixel * 4 + 3] = how === 'luminance' ? luminance : 255 - luminance;
  }
  await sharp(rgba, { raw: { width, height, channels: 4 } })
    .png()
    .toFile(target);
}

/** True where a provider might misread the file as it stands: turned by EXIF, not in sRGB, or with 16 bits a channel. */
function needsNormalising(image: DecodedImage): boolean {
  return image.orientation !== 1 || !['srgb', 'b-w'].includes(image.space);
}

/** Makes an upright 8-bit sRGB PNG of an image that needs it. False where the original is fine as it is. */
export async function normaliseInput(path: string, target: string, image: DecodedImage): Promise<boolean> {
  if (!needsNormalising(image)) return false;
  await sharp(path, readOptions).autoOrient().toColourspace('srgb').png().toFile(target);
  if ((await stat(target)).size > maxInputBytes) {
    await sharp(path, readOptions).autoOrient().toColourspace('srgb').jpeg({ quality: 95 }).toFile(target);
  }
  return true;
}
