import { RendermillError, type ErrorCode } from '../../domain/errors.js';
import { decodeImage, type DecodedImage, type DecodeFault } from './decode.js';
import { maxPixels } from './sharp.js';

/** Input images: checked in full before anything is paid. Errors name the parameter and what to do. */

/** OpenAI takes input images of less than 50 MB. */
export const maxInputBytes = 50 * 1024 * 1024;
const minSide = 16;
const maxSide = 8_192;

export function refuseImage(code: ErrorCode, param: string, message: string): never {
  throw new RendermillError(code, `${param}: ${message}`, { param });
}

function explain(fault: DecodeFault, param: string): never {
  if (fault.kind === 'empty') refuseImage('empty_image', param, 'the file is empty');
  if (fault.kind === 'not_image') refuseImage('unsupported_image_format', param, 'send a PNG, JPEG or WebP image');
  if (fault.kind === 'too_large')
    refuseImage('image_too_large', param, `an input image has at most ${maxPixels / 1e6} million pixels`);
  refuseImage('invalid_image', param, `the image is damaged and cannot be decoded (${fault.detail})`);
}

/** An input image that a provider can be given. Throws the error that its sender should see. */
export async function checkInputImage(path: string, param: string): Promise<DecodedImage> {
  const judge = ({ pages, width, height }: DecodedImage): void => {
    if (pages > 1) refuseImage('animated_image', param, 'send a still image: this one has several frames');
    if (Math.max(width, height) > maxSide)
      refuseImage('image_too_large', param, `a side has at most ${maxSide} pixels`);
    if (Math.min(width, height) < minSide)
      refuseImage('image_too_small', param, `a side has at least ${minSide} pixels`);
  };
  const image = await decodeImage(path, { types: ['image/png', 'image/jpeg', 'image/webp'], judge });
  if ('kind' in image) explain(image, param);
  return image;
}
