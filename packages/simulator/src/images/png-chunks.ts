/** The little of the PNG format that the benchmark pool writes by itself. */

export const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  return crc >>> 0;
});

// Node's own zlib.crc32 is younger than the oldest Node that we support.
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crcTable[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** What a chunk adds to its data: length, type and checksum. */
export const chunkOverhead = 12;

export function pngChunk(type: string, data: Uint8Array): Buffer {
  const chunk = Buffer.alloc(chunkOverhead + data.length);
  chunk.writeUInt32BE(data.length, 0);
  chunk.write(type, 4, 'latin1');
  chunk.set(data, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + data.length)), 8 + data.length);
  return chunk;
}

export type PngDepth = { readonly bits: 8; readonly channels: 3 } | { readonly bits: 16; readonly channels: 4 };

export function pngHeader(width: number, height: number, { bits, channels }: PngDepth): Buffer {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(width, 0);
  data.writeUInt32BE(height, 4);
  data[8] = bits;
  data[9] = channels === 3 ? 2 : 6;
  return pngChunk('IHDR', data);
}
