import { randomFillSync } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import type { Size } from '../catalogue/sizes.js';
import { chunkOverhead, pngChunk, pngHeader, pngSignature, type PngDepth } from './png-chunks.js';

/**
 * A PNG of exactly a size in pixels and exactly a length in bytes, without its end: whoever uses it adds a chunk of
 * its own and IEND. Noise does not compress, so the picture is noise as far down as its bytes go and black below;
 * where even 16 bits a channel cannot hold the length, chunks that decoders skip make up the rest. `bytes` must be a
 * multiple of three, and so is the length of what comes back.
 */

const shallow: PngDepth = { bits: 8, channels: 3 };
const deep: PngDepth = { bits: 16, channels: 4 };

// Decoders refuse single chunks that are far larger.
const mostPadding = 1024 * 1024;
// Length of a picture that is black altogether, generously.
const blackBytes = 64 * 1024;

const rowBytes = (size: Size, { channels, bits }: PngDepth): number => 1 + (size.width * channels * bits) / 8;

function deflatePicture(size: Size, depth: PngDepth, noise: number): Buffer {
  const row = rowBytes(size, depth);
  const pixels = Buffer.alloc(row * size.height);
  randomFillSync(pixels, 0, noise);
  // The first byte of each row names its filter: none.
  for (let y = 0; y < size.height; y++) pixels[y * row] = 0;
  return pngChunk('IDAT', deflateSync(pixels, { level: 1 }));
}

/** Private chunks of noise, `bytes` long in all. */
function padding(bytes: number): Buffer[] {
  const chunks: Buffer[] = [];
  for (let left = bytes; left > 0;) {
    // What remains must hold a whole chunk, or nothing.
    const take = left <= mostPadding ? left : Math.min(mostPadding, left - chunkOverhead);
    chunks.push(pngChunk('ruNo', randomFillSync(Buffer.alloc(take - chunkOverhead))));
    left -= take;
  }
  return chunks;
}

export function noisePngWithoutEnd(size: Size, bytes: number): Buffer {
  const depth = size.width * size.height * 3 + blackBytes >= bytes ? shallow : deep;
  const head = [pngSignature, pngHeader(size.width, size.height, depth)];
  const fixed = head.reduce((sum, part) => sum + part.length, 0);
  let noise = Math.max(0, Math.min(bytes - fixed, rowBytes(size, depth) * size.height));
  for (;;) {
    const picture = deflatePicture(size, depth, noise);
    const left = bytes - fixed - picture.length;
    if (left === 0 || left >= chunkOverhead) return Buffer.concat([...head, picture, ...padding(left)]);
    // A picture that is longer even when it is black: as long as it must be, and still a multiple of three.
    if (noise === 0) return Buffer.concat([...head, picture, ...padding(15 - ((fixed + picture.length) % 3))]);
    // Deflating noise adds a little, and the black rows too: take that much less.
    noise = Math.max(0, noise + left - 2 * chunkOverhead);
  }
}
