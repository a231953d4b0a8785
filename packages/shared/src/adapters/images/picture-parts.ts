import type { ImageType } from '../../domain/magic.js';
import type { FileWindow } from './file-window.js';

/**
 * Which parts of a file make its picture: what the pixels and their colours are made of. Places, camera and owner's names,
 * thumbnails, texts, private chunks and whatever stands behind the picture's end are not among them.
 */

/** Bytes of the file from here to before there, or bytes that take the place of some. */
export type Part = { readonly bytes: Buffer } | { readonly from: number; readonly to: number };

export interface PictureParts {
  readonly parts: readonly Part[];
  /** There is nothing else in the file. */
  readonly whole: boolean;
}

/** More parts than any encoder writes: such a file is made to keep its reader busy. */
const maxParts = 50_000;

/** The parts of a picture that can be decoded; null where the file is built otherwise than we know. */
export async function pictureParts(
  file: FileWindow,
  { type, hasProfile }: { readonly type: ImageType; readonly hasProfile: boolean },
): Promise<PictureParts | null> {
  if (type === 'image/png') return pngParts(file, hasProfile);
  if (type === 'image/jpeg') return jpegParts(file, hasProfile);
  if (type === 'image/webp') return webpParts(file, hasProfile);
  return null;
}

/** What is kept, neighbours joined. */
class Kept {
  readonly parts: Part[] = [];
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
  }

  range(from: number, to: number): void {
    const last = this.parts.at(-1);
    if (last && 'to' in last && last.to === from) this.parts[this.parts.length - 1] = { from: last.from, to };
    else this.parts.push({ from, to });
  }

  end(): PictureParts {
    const [first] = this.parts;
    const all = first && 'to' in first && first.from === 0 && first.to === this.#size;
    return { parts: this.parts, whole: all === true };
  }
}

/** Dots per inch, as nearly every encoder writes them: nine bytes that tell of nobody. */
const isDensity = (type: string, bytes: number): boolean => type === 'pHYs' && bytes === 9;
const pngPicture = new Set(['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND', 'gAMA', 'cHRM', 'sRGB', 'sBIT', 'cICP']);

async function pngParts(file: FileWindow, hasProfile: boolean): Promise<PictureParts | null> {
  const kept = new Kept(file.size);
  kept.range(0, 8);
  let at = 8;
  for (let count = 0; count < maxParts; count++) {
    const head = await file.at(at, 8);
    if (head.length < 8) return null;
    const type = head.toString('latin1', 4, 8);
    const bytes = head.readUInt32BE(0);
    const next = at + 12 + bytes;
    if (next > file.size) return null;
    if (pngPicture.has(type) || isDensity(type, bytes) || (type === 'iCCP' && hasProfile)) kept.range(at, next);
    if (type === 'IEND') return kept.end();
    at = next;
  }
  return null;
}

const endOfImage = 0xd9;
const startOfScan = 0xda;

async function jpegParts(file: FileWindow, hasProfile: boolean): Promise<PictureParts | null> {
  const kept = new Kept(file.size);
  kept.range(0, 2);
  let at = 2;
  for (let count = 0; count < maxParts; count++) {
    const head = await file.at(at, 18);
    const marker = head[1];
    if (head.length < 2 || head[0] !== 0xff || marker === undefined) return null;
    if (marker === endOfImage) {
      kept.range(at, at + 2);
      return kept.end();
    }
    // A marker that may be repeated to fill; those that have no length stand nowhere but in a scan.
    if (marker === 0xff) {
      at++;
      continue;
    }
    if (head.length < 4 || marker < 0xc0 || (marker >= 0xd0 && marker <= 0xd8)) return null;
    const next = at + 2 + head.readUInt16BE(2);
    if (next > file.size) return null;
    if (isOfPicture(marker, head.toString('latin1', 4, 16), hasProfile)) kept.range(at, next);
    if (marker !== startOfScan) {
      at = next;
      continue;
    }
    const end = await endOfScan(file, next);
    if (end === null) return null;
    kept.range(next, end);
    at = end;
  }
  return null;
}

/** Tables, frames and scans; of the application's segments those that say what the colours mean. */
function isOfPicture(marker: number, name: string, hasProfile: boolean): boolean {
  if (marker === 0xe0) return name.startsWith('JFIF\0');
  if (marker === 0xe2) return hasProfile && name.startsWith('ICC_PROFILE\0');
  if (marker === 0xee) return name.startsWith('Adobe');
  return marker < 0xe0;
}

/** Where the marker after a scan's coded data stands: stuffed zeros and restart marks belong to the data. */
async function endOfScan(file: FileWindow, from: number): Promise<number | null> {
  let at = from;
  for (;;) {
    const bytes = await file.at(at, 2);
    if (bytes.length < 2) return null;
    let mark = bytes.indexOf(0xff);
    for (; mark !== -1 && mark + 1 < bytes.length; mark = bytes.indexOf(0xff, mark + 1)) {
      const next = bytes[mark + 1] ?? 0;
      if (next !== 0 && next !== 0xff && (next < 0xd0 || next > 0xd7)) return at + mark;
    }
    at += mark === -1 ? bytes.length : mark;
  }
}

const [animation, xmp, exif, profile] = [0x02, 0x04, 0x08, 0x20];
const webpPicture = new Set(['VP8 ', 'VP8L', 'ALPH']);

async function webpParts(file: FileWindow, hasProfile: boolean): Promise<PictureParts | null> {
  const riff = Buffer.from((await file.at(0, 12)).subarray(0, 12));
  if (riff.length < 12) return null;
  const end = 8 + riff.readUInt32LE(4);
  if (end > file.size) return null;
  const kept = new Kept(file.size);
  let at = 12;
  for (let count = 0; at < end && count < maxParts; count++) {
    const head = await file.at(at, 18);
    if (head.length < 8) return null;
    const type = head.toString('latin1', 0, 4);
    const next = at + 8 + head.readUInt32LE(4) + (head.readUInt32LE(4) % 2);
    if (next > end) return null;
    if (type === 'VP8X') {
      if (next !== at + 18 || head.length < 18) return null;
      const extended = Buffer.from(head.subarray(0, 18));
      extended[8] = (extended[8] ?? 0) & ~(animation | xmp | exif | (hasProfile ? 0 : profile));
      if (extended.equals(head.subarray(0, 18))) kept.range(at, next);
      else kept.parts.push({ bytes: extended });
    } else if (webpPicture.has(type) || (type === 'ICCP' && hasProfile)) kept.range(at, next);
    at = next;
  }
  if (at !== end) return null;
  return withRiffHead(kept, riff, file.size);
}

/** The first twelve bytes say how much follows. */
function withRiffHead(kept: Kept, riff: Buffer, size: number): PictureParts {
  const { parts } = kept;
  const bytes = parts.reduce((sum, part) => sum + ('to' in part ? part.to - part.from : part.bytes.length), 0);
  riff.writeUInt32LE(bytes + 4, 4);
  return { parts: [{ bytes: riff }, ...parts], whole: bytes + 12 === size && parts.every((part) => 'to' in part) };
}
