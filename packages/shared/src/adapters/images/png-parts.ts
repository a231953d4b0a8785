import { promisify } from 'node:util';
import { crc32, deflate, type ZlibOptions } from 'node:zlib';
import type { FileWindow } from './file-window.js';
import { KeptParts, maxParts, type PictureParts } from './kept-parts.js';
import { inflatesTo, type Range } from './png-pixels.js';

const deflated = promisify<Buffer, ZlibOptions, Buffer>(deflate);

const grey = 0;
const trueColour = 2;
const palette = 3;

interface Header {
  readonly colour: number;
  /** What the pixels' rows have inflated. */
  readonly bytes: number;
}

/** True where a chunk of this length can be what its name says; decoders skip the others, and so texts fit into them. */
const fits: Readonly<Record<string, (bytes: number, colour: number) => boolean>> = {
  IHDR: (bytes) => bytes === 13,
  PLTE: (bytes) => bytes <= 768,
  tRNS: (bytes, colour) => (colour === palette ? bytes <= 256 : bytes === (colour === grey ? 2 : 6)),
  IEND: (bytes) => bytes === 0,
  gAMA: (bytes) => bytes === 4,
  cHRM: (bytes) => bytes === 32,
  sRGB: (bytes) => bytes === 1,
  sBIT: (bytes) => bytes <= 4,
  cICP: (bytes) => bytes === 4,
  // Dots per inch, as nearly every encoder writes them: they tell of nobody.
  pHYs: (bytes) => bytes === 9,
};

export async function pngParts(file: FileWindow, profile: Buffer | null): Promise<PictureParts | null> {
  const header = readHeader(await file.at(8, 25));
  if (!header) return null;
  const kept = new KeptParts(file);
  kept.range(0, 8);
  const seen = new Set<string>();
  const data: Range[] = [];
  let at = 8;
  for (let count = 0; count < maxParts; count++) {
    const head = await file.at(at, 8);
    if (head.length < 8) return null;
    const type = head.toString('latin1', 4, 8);
    const bytes = head.readUInt32BE(0);
    const next = at + 12 + bytes;
    if (next > file.size) return null;
    if (type === 'IDAT') {
      data.push({ from: at + 8, to: next - 4 });
      kept.range(at, next);
    } else if (isOfPicture(type, header.colour)) {
      // Of two that stand for one thing decoders take either.
      if (seen.has(type) || fits[type]?.(bytes, header.colour) === false) return null;
      seen.add(type);
      if (type !== 'iCCP') kept.range(at, next);
      else if (profile) await kept.put(at, await profileChunk(profile));
    }
    if (type === 'IEND') return (await inflatesTo(file, data, header.bytes)) ? kept.end() : null;
    at = next;
  }
  return null;
}

/** A palette is only a proposal where pixels have colours of their own. */
function isOfPicture(type: string, colour: number): boolean {
  if (type === 'PLTE') return colour === palette;
  if (type === 'tRNS') return colour <= palette;
  return type === 'iCCP' || type in fits;
}

function readHeader(chunk: Buffer): Header | null {
  if (chunk.length < 25 || chunk.toString('latin1', 4, 8) !== 'IHDR') return null;
  const [width, height] = [chunk.readUInt32BE(8), chunk.readUInt32BE(12)];
  const [depth, colour, , , interlaced] = chunk.subarray(16, 21);
  if (depth === undefined || colour === undefined) return null;
  const channels = { [grey]: 1, [trueColour]: 3, [palette]: 1, 4: 2, 6: 4 }[colour];
  if (channels === undefined) return null;
  const rows = (columns: number, count: number): number =>
    columns > 0 ? count * (1 + Math.ceil((columns * channels * depth) / 8)) : 0;
  if (interlaced === 0) return { colour, bytes: rows(width, height) };
  const bytes = adam7.reduce(
    (sum, [x, y, right, down]) => sum + rows(Math.ceil((width - x) / right), Math.ceil((height - y) / down)),
    0,
  );
  return { colour, bytes };
}

/** Where each pass of an interlaced picture begins, and its steps to the right and down. */
const adam7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** Made anew: a profile's name is any text, and so is what stands behind its deflated bytes. */
async function profileChunk(profile: Buffer): Promise<Buffer> {
  const body = Buffer.concat([Buffer.from('iCCPicc\0\0', 'latin1'), await deflated(profile, { level: 9 })]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(body.length - 4, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return chunk;
}
