import { crc32, deflateRawSync, deflateSync } from 'node:zlib';
import sharp from 'sharp';

/** Files that are made to harm whoever reads them, byte by byte; small on the wire, whatever they become. */

/** Those who took it, and where: what a phone writes into a photo. */
export async function withGps(image: Buffer): Promise<Buffer> {
  const { format } = await sharp(image).metadata();
  const exif = {
    IFD0: { Artist: 'A. Nobody', Software: 'x'.repeat(301) },
    IFD3: {
      GPSLatitudeRef: 'N',
      GPSLatitude: '51/1 30/1 3230/100',
      GPSLongitudeRef: 'W',
      GPSLongitude: '0/1 7/1 4366/100',
    },
  };
  const marked = await sharp({ create: { width: 16, height: 16, channels: 3, background: 'red' } })
    .withExif(exif)
    .withXmp(
      '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>',
    )
    .toFormat(format)
    .toBuffer();
  return { png: movePng, jpeg: moveJpeg, webp: moveWebp }[format as 'png' | 'jpeg' | 'webp'](marked, image);
}

/** Into `to`, whose picture stays as it is coded. */
function movePng(from: Buffer, to: Buffer): Buffer {
  return withPngChunks(
    to,
    chunksOf(from)
      .filter(({ type }) => /^(eXIf|iTXt|zTXt|tEXt)$/.test(type))
      .map(({ bytes }) => bytes),
  );
}

function moveJpeg(from: Buffer, to: Buffer): Buffer {
  const segments: Buffer[] = [];
  for (let at = 2; from[at + 1] !== 0xda; at += 2 + from.readUInt16BE(at + 2))
    if (from[at + 1] === 0xe1) segments.push(from.subarray(at, at + 2 + from.readUInt16BE(at + 2)));
  return Buffer.concat([to.subarray(0, 2), ...segments, to.subarray(2)]);
}

function moveWebp(from: Buffer, to: Buffer): Buffer {
  const parts = (file: Buffer) => {
    const found: { type: string; bytes: Buffer }[] = [];
    for (let at = 12; at < file.length;) {
      const size = file.readUInt32LE(at + 4);
      const next = at + 8 + size + (size % 2);
      found.push({ type: file.toString('latin1', at, at + 4), bytes: file.subarray(at, next) });
      at = next;
    }
    return found;
  };
  const mine = parts(to);
  const extended = mine.find(({ type }) => type === 'VP8X');
  const size = extended ? extended.bytes.subarray(12, 18) : sizeOfWebp(mine[0]?.bytes ?? Buffer.alloc(0));
  const flags = (extended?.bytes[8] ?? 0) | 0x0c;
  const head = Buffer.concat([Buffer.from('VP8X\x0a\0\0\0', 'latin1'), Buffer.from([flags, 0, 0, 0]), size]);
  const tags = parts(from).filter(({ type }) => type === 'EXIF' || type === 'XMP ');
  const body = [
    head,
    ...mine.filter(({ type }) => type !== 'VP8X').map(({ bytes }) => bytes),
    ...tags.map(({ bytes }) => bytes),
  ];
  const all = Buffer.concat([Buffer.from('RIFF\0\0\0\0WEBP', 'latin1'), ...body]);
  all.writeUInt32LE(all.length - 8, 4);
  return all;
}

/** Width and height less one, three bytes each, of a chunk `VP8 ` or `VP8L`. */
function sizeOfWebp(chunk: Buffer): Buffer {
  const lossless = chunk.toString('latin1', 0, 4) === 'VP8L';
  const bits = lossless ? chunk.readUInt32LE(9) : 0;
  const width = lossless ? bits & 0x3fff : (chunk.readUInt16LE(14) & 0x3fff) - 1;
  const height = lossless ? (bits >> 14) & 0x3fff : (chunk.readUInt16LE(16) & 0x3fff) - 1;
  const size = Buffer.alloc(6);
  size.writeUIntLE(width, 0, 3);
  size.writeUIntLE(height, 3, 3);
  return size;
}

export function jpegSegment(marker: number, data: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(data.length + 2, 2);
  return Buffer.concat([head, data]);
}

export const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

export function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(data.length, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return chunk;
}

function chunksOf(png: Buffer): { type: string; bytes: Buffer }[] {
  const chunks: { type: string; bytes: Buffer }[] = [];
  for (let at = 8; at < png.length;) {
    const next = at + 12 + png.readUInt32BE(at);
    chunks.push({ type: png.toString('latin1', at + 4, at + 8), bytes: png.subarray(at, next) });
    at = next;
  }
  return chunks;
}

/** The chunks behind the header of a PNG. */
export function withPngChunks(png: Buffer, chunks: readonly Buffer[]): Buffer {
  return Buffer.concat([png.subarray(0, 33), ...chunks, png.subarray(33)]);
}

/** A PNG of zeros: what takes megabytes when it is decoded is a few thousandths of that here. */
export function pngOfZeros(width: number, height: number, channels: 1 | 3 | 4, before: readonly Buffer[] = []): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, { 1: 0, 3: 2, 4: 6 }[channels], 0, 0, 0], 8);
  const rows = zeros((width * channels + 1) * height);
  return Buffer.concat([
    pngSignature,
    pngChunk('IHDR', header),
    ...before,
    pngChunk('IDAT', rows),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

/** So many zero bytes, deflated with zlib's head and foot, without ever being there. */
export function zeros(bytes: number): Buffer {
  const piece = deflateRawSync(Buffer.alloc(1024 * 1024), { level: 9, finishFlush: 2 });
  const rest = deflateRawSync(Buffer.alloc(bytes % (1024 * 1024)), { level: 9 });
  const foot = Buffer.alloc(4);
  // Adler-32 of n zeros: the low half stays 1, the high half counts them.
  foot.writeUInt32BE(((bytes % 65_521) * 65_536 + 1) >>> 0);
  return Buffer.concat([
    Buffer.from([0x78, 0xda]),
    ...Array.from({ length: Math.floor(bytes / (1024 * 1024)) }, () => piece),
    rest,
    foot,
  ]);
}

/** A text that inflates to so many bytes. */
export const textBomb = (bytes: number): Buffer =>
  pngChunk(
    'zTXt',
    Buffer.concat([Buffer.from('Comment\0\0', 'latin1'), deflateSync(Buffer.alloc(bytes), { level: 9 })]),
  );

/** A ZIP with one stored file. */
export function zipOf(name: string, text: string): Buffer {
  const [file, data] = [Buffer.from(name), Buffer.from(text)];
  const facts = Buffer.alloc(26);
  facts.writeUInt16LE(20, 0);
  facts.writeUInt32LE(crc32(data), 10);
  facts.writeUInt32LE(data.length, 14);
  facts.writeUInt32LE(data.length, 18);
  facts.writeUInt16LE(file.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), facts, file, data]);
  const central = Buffer.concat([Buffer.from('PK\x01\x02\x14\0', 'latin1'), facts, Buffer.alloc(14), file]);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
}

/** Five pictures one after the other. */
export async function animated(format: 'gif' | 'webp'): Promise<Buffer> {
  const [width, height] = [40, 200];
  const rows = Buffer.from(Array.from({ length: width * height * 3 }, (_, i) => (i * 7) % 251));
  return sharp(rows, { raw: { width, height, channels: 3, pageHeight: height / 5 } })
    .toFormat(format)
    .toBuffer();
}

/** A PNG with a byte of its coded pixels turned: its chunk's sum no longer fits. */
export function withBadSum(png: Buffer): Buffer {
  const bytes = Buffer.from(png);
  const at = png.indexOf('IDAT') + 20;
  bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  return bytes;
}
