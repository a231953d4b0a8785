import { sharp, type OverlayOptions } from './sharp.js';
import type { Size } from '../catalogue/sizes.js';

/** An input image as it appears in the picture that it led to. */
export interface Thumbnail extends Size {
  /** PNG with its frame. */
  readonly data: Buffer;
}

/** What the thumbnail of one input is made from. */
export interface ThumbnailSource {
  readonly bytes: Buffer;
  /** Its transparent area is painted over the picture; null: no mask. */
  readonly mask: Buffer | null;
}

/** Four thumbnails are still legible; more inputs are counted in the caption. */
export const mostThumbnails = 4;

// What was there still shows through.
const paintOpacity = 0.7;

/** The area that a mask opens, as a layer of one colour over the image that it belongs to. */
async function openedArea(mask: Buffer, size: Size, accent: string): Promise<Buffer> {
  const alpha = await sharp(mask)
    .resize(size.width, size.height, { fit: 'fill' })
    .ensureAlpha()
    .extractChannel('alpha')
    .raw()
    .toBuffer();
  const paint = alpha.map((opacity) => (255 - opacity) * paintOpacity);
  return await sharp({ create: { ...size, channels: 3, background: accent } })
    .joinChannel(Buffer.from(paint), { raw: { ...size, channels: 1 } })
    .png({ compressionLevel: 1 })
    .toBuffer();
}

/** A white card with a soft edge, as behind a photograph in an album. */
function card(photo: Size, border: number): Buffer {
  const [width, height] = [photo.width + 2 * border, photo.height + 2 * border];
  const edge = Math.max(1, border / 6);
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">` +
      `<rect x="${edge / 2}" y="${edge / 2}" width="${width - edge}" height="${height - edge}" rx="${border * 0.5}" ` +
      `fill="#fff" stroke="#000" stroke-opacity="0.16" stroke-width="${edge}"/></svg>`,
  );
}

export async function thumbnail(
  source: ThumbnailSource,
  box: Size,
  border: number,
  accent: string,
): Promise<Thumbnail> {
  const inner = { width: Math.max(8, box.width - 2 * border), height: Math.max(8, box.height - 2 * border) };
  const { data, info } = await sharp(source.bytes)
    .autoOrient()
    .resize({ ...inner, fit: 'inside' })
    .ensureAlpha()
    .png({ compressionLevel: 1 })
    .toBuffer({ resolveWithObject: true });
  const photo: Size = { width: info.width, height: info.height };
  const layers: OverlayOptions[] = [{ input: data, left: border, top: border }];
  if (source.mask) layers.push({ input: await openedArea(source.mask, photo, accent), left: border, top: border });
  const framed = await sharp(card(photo, border))
    .composite(layers)
    .png({ compressionLevel: 1 })
    .toBuffer({ resolveWithObject: true });
  return { data: framed.data, width: framed.info.width, height: framed.info.height };
}
