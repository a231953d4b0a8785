import { open } from 'node:fs/promises';
import pLimit from 'p-limit';
import { sniffImage, sniffLength, type ImageType } from '../../domain/magic.js';
import { decodeTime, readOptions, sharp } from './sharp.js';

/** A picture that was decoded to its last pixel, or what its header says before it is. */
export interface DecodedImage {
  readonly type: ImageType;
  readonly width: number;
  readonly height: number;
  readonly hasAlpha: boolean;
  readonly pages: number;
  /** `srgb`, `cmyk`, `rgb16`, … */
  readonly space: string;
  /** EXIF orientation: 1 where pixels stand as they are meant. */
  readonly orientation: number;
  /** It carries a colour profile that can be read. */
  readonly hasProfile: boolean;
}

export type DecodeFault =
  | { readonly kind: 'empty' }
  /** Not one of the formats we read. */
  | { readonly kind: 'not_image' }
  /** More pixels than we decode. */
  | { readonly kind: 'too_large' }
  | { readonly kind: 'damaged'; readonly detail: string };

/** Pictures that are held as pixels side by side in this process: each may take 200 MB for a moment. */
export const decodes = pLimit(2);

async function head(path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(sniffLength), 0, sniffLength, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** What its reader asks of a picture before a pixel of it is decoded. */
export interface Terms {
  /** Any other is `not_image`. */
  readonly types: readonly ImageType[];
  /** Throws what is wrong with it. */
  readonly judge: (header: DecodedImage) => void;
}

/** Reads a picture whole, from its path or from memory. A header alone proves nothing: cut and corrupt files have good ones. */
export async function decodeImage(source: string | Buffer, terms?: Terms): Promise<DecodedImage | DecodeFault> {
  const first = typeof source === 'string' ? await head(source) : source.subarray(0, sniffLength);
  if (first.length === 0) return { kind: 'empty' };
  const type = sniffImage(first);
  if (!type || (terms && !terms.types.includes(type))) return { kind: 'not_image' };
  if (type === 'image/svg+xml') return svgFacts(first.toString('utf8'));
  // What its header gives away is refused at once, however many others are being decoded.
  const header = await readHeader(source, type);
  if ('kind' in header) return header;
  terms?.judge(header);
  return (await decodes(async () => readPixels(source, header.height))) ?? header;
}

async function readHeader(source: string | Buffer, type: ImageType): Promise<DecodedImage | DecodeFault> {
  try {
    const meta = await sharp(source, readOptions).metadata();
    if (`image/${meta.format}` !== type)
      return { kind: 'damaged', detail: `begins as ${type} and goes on as ${meta.format}` };
    return {
      type,
      width: meta.width,
      height: meta.height,
      hasAlpha: meta.hasAlpha,
      pages: meta.pages ?? 1,
      space: meta.space,
      orientation: meta.orientation ?? 1,
      hasProfile: meta.hasProfile,
    };
  } catch (error) {
    return faultOf(error);
  }
}

async function readPixels(source: string | Buffer, height: number): Promise<DecodeFault | null> {
  try {
    // One pixel of each row: libvips must decode every row for it. Made smaller both ways, a JPEG is read at a fraction of
    // its size and without its last rows, damaged or not.
    await sharp(source, readOptions)
      .resize(1, height, { fit: 'fill', fastShrinkOnLoad: false, kernel: 'nearest' })
      .raw()
      .timeout(decodeTime)
      .toBuffer();
    return null;
  } catch (error) {
    return faultOf(error);
  }
}

function faultOf(error: unknown): DecodeFault {
  const detail = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  // A machine without a moment to spare: that says nothing about the picture.
  if (/^timeout\b/i.test(detail)) throw error;
  return /pixel limit/.test(detail) ? { kind: 'too_large' } : { kind: 'damaged', detail };
}

/** We never render SVG: the size it states is taken from its first tag, or 0 where it states none. */
function svgFacts(text: string): DecodedImage {
  const tag = /<svg[^>]*>/.exec(text)?.[0] ?? '';
  const edge = (name: string): number =>
    Math.round(Number(new RegExp(`\\s${name}=["'](\\d+(?:\\.\\d+)?)`).exec(tag)?.[1] ?? 0));
  const box = /viewBox=["'][-\d.]+[\s,]+[-\d.]+[\s,]+([\d.]+)[\s,]+([\d.]+)/.exec(tag);
  return {
    type: 'image/svg+xml',
    width: edge('width') || Math.round(Number(box?.[1] ?? 0)),
    height: edge('height') || Math.round(Number(box?.[2] ?? 0)),
    hasAlpha: true,
    pages: 1,
    space: 'srgb',
    orientation: 1,
    hasProfile: false,
  };
}
