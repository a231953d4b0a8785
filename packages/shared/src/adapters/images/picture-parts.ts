import type { ImageType } from '../../domain/magic.js';
import type { FileWindow } from './file-window.js';
import { jpegParts } from './jpeg-parts.js';
import type { PictureParts } from './kept-parts.js';
import { pngParts } from './png-parts.js';
import { webpParts } from './webp-parts.js';

/**
 * Which parts of a file make its picture: what the pixels and their colours are made of. Places, camera and owner's names,
 * thumbnails, texts, private chunks, what a decoder skips and whatever stands behind the picture's end are not among them.
 * `profile` is the colour profile as it was read; null where there is none. The answer is null where the file is built
 * otherwise than we know: that one has to be made anew.
 */
export async function pictureParts(
  file: FileWindow,
  { type, profile }: { readonly type: ImageType; readonly profile: Buffer | null },
): Promise<PictureParts | null> {
  if (type === 'image/png') return pngParts(file, profile);
  if (type === 'image/jpeg') return jpegParts(file, profile);
  if (type === 'image/webp') return webpParts(file, profile);
  return null;
}
