import type { Sharp } from './sharp.js';

export type Format = 'png' | 'jpeg' | 'webp';

export interface Encoding {
  readonly format: Format;
  /** 0–100 as OpenAI counts `output_compression`: the quality of JPEG and WebP. PNG has none. */
  readonly compression: number;
}

export async function encode(picture: Sharp, { format, compression }: Encoding): Promise<Buffer> {
  // sharp counts JPEG quality from 1.
  const quality = Math.max(1, compression);
  if (format === 'png') return await picture.png({ compressionLevel: 5 }).toBuffer();
  if (format === 'jpeg') return await picture.jpeg({ quality }).toBuffer();
  return await picture.webp({ quality, effort: 2 }).toBuffer();
}
