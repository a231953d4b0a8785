import { rm, stat } from 'node:fs/promises';
import { checkInputImage, maxInputBytes, refuseImage } from './check-input.js';
import { decodeImage, decodes, type DecodedImage } from './decode.js';
import { isOpaque } from './opaque.js';
import { encodeTime, readOptions, sharp } from './sharp.js';
import { stripPicture } from './strip.js';

/** A picture alone in its file. */
export interface CleanImage {
  readonly path: string;
  readonly image: DecodedImage;
}

/**
 * Checks an image in full and leaves of its file the picture alone, upright in 8-bit sRGB: what stands beside it (places,
 * names, thumbnails, other files) is for no provider and no bucket. Pixels that are fine as they are stay as they are coded.
 */
export async function cleanImage(path: string, param: string, largest = maxInputBytes): Promise<CleanImage> {
  const image = await checkInputImage(path, param);
  const clean = (needsNormalising(image) ? null : await strip(path, image)) ?? (await normalise(path, param, largest));
  if (clean.path !== path) await rm(path);
  return clean;
}

/** Null where the file is built in a way that we do not know, or the picture would not be the same. */
async function strip(path: string, image: DecodedImage): Promise<CleanImage | null> {
  const bare = `${path}.bare`;
  const how = await stripPicture(path, bare, image);
  if (how === 'whole') return { path, image };
  if (how === 'unknown') return null;
  const again = await decodeImage(bare);
  if (!('kind' in again) && again.width === image.width && again.height === image.height)
    return { path: bare, image: again };
  await rm(bare);
  return null;
}

/** True where a provider might misread the file as it stands: turned by EXIF, not in sRGB, or with 16 bits a channel. */
function needsNormalising(image: DecodedImage): boolean {
  return image.orientation !== 1 || !['srgb', 'b-w'].includes(image.space);
}

/**
 * Makes an upright 8-bit sRGB picture of it: PNG or, where that is too large, JPEG. What that would make black is refused:
 * WebP could hold it, and is a minute's work for the largest.
 */
async function normalise(path: string, param: string, largest: number): Promise<CleanImage> {
  const normal = `${path}.normal`;
  const upright = () => sharp(path, readOptions).autoOrient().toColourspace('srgb').timeout(encodeTime);
  await decodes(async () => upright().png().toFile(normal));
  if ((await stat(normal)).size > largest) {
    if (!(await isOpaque(normal))) {
      const message = 'upright and with 8 bits of sRGB per channel it is a PNG of more than 50 MB: send fewer pixels';
      refuseImage('image_too_large', param, message);
    }
    await decodes(async () => upright().jpeg({ quality: 95 }).toFile(normal));
  }
  return { path: normal, image: await checkInputImage(normal, param) };
}
