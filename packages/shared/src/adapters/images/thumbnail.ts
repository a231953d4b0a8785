import pLimit from 'p-limit';
import { readOptions, sharp } from './sharp.js';

/** Longest side of a thumbnail in pixels: a tile of 256 on a screen of double density. */
const side = 512;

/** Made side by side in this process: each may take 200 MB for a moment. */
const makes = pLimit(2);

/** Width and height that a thumbnail of such a picture has: never more than the picture. */
export function thumbnailSize(width: number, height: number): { readonly width: number; readonly height: number } {
  const scale = Math.min(1, side / Math.max(width, height, 1));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/**
 * A small WebP of a picture. `read` is asked for the bytes when its turn comes, so that what waits holds none. Null where
 * they cannot be decoded; a machine without a moment to spare is an error.
 */
export async function makeThumbnail(read: () => Promise<Buffer>): Promise<Buffer | null> {
  return makes(async () => {
    const bytes = await read();
    try {
      return await sharp(bytes, readOptions)
        .autoOrient()
        .resize(side, side, { fit: 'inside', withoutEnlargement: true })
        .webp({ quality: 78 })
        .timeout({ seconds: 30 })
        .toBuffer();
    } catch (error) {
      if (error instanceof Error && /^timeout\b/i.test(error.message)) throw error;
      return null;
    }
  });
}
