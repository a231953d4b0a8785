import type { FileWindow } from './file-window.js';
import { KeptParts, maxParts, type PictureParts } from './kept-parts.js';

const endOfImage = 0xd9;
const startOfScan = 0xda;
const jfif = 0xe0;
const profiles = 0xe2;
const adobe = 0xee;
/** Huffman's and arithmetic coding's tables, quantisation, restarts: what libjpeg reads to the last byte or refuses. */
const tables = new Set([0xc4, 0xcc, 0xdb, 0xdd]);
const progressive = new Set([0xc2, 0xca]);
const frames = new Set([0xc0, 0xc1, 0xc3, 0xc9, 0xcb, ...progressive]);

/** A segment and where it stands. */
interface Segment {
  readonly marker: number;
  readonly from: number;
  readonly to: number;
  /** What it begins with, behind its length. */
  readonly body: Buffer;
}

export async function jpegParts(file: FileWindow, profile: Buffer | null): Promise<PictureParts | null> {
  const kept = new KeptParts(file);
  kept.range(0, 2);
  // What comes before a scan is kept with it: behind the last one nothing is for the picture.
  let before = new KeptParts(file);
  const read = { profile, jfif: false, components: 0, progressive: false };
  let at = 2;
  for (let count = 0; count < maxParts; count++) {
    const head = await file.at(at, 20);
    const marker = head[1];
    if (head.length < 2 || head[0] !== 0xff || marker === undefined) return null;
    if (marker === endOfImage) {
      await kept.put(at, Buffer.from([0xff, endOfImage]));
      return kept.end();
    }
    // A marker that may be repeated to fill; those that have no length stand nowhere but in a scan.
    if (marker === 0xff) {
      at++;
      continue;
    }
    if (head.length < 4 || marker < 0xc0 || (marker >= 0xd0 && marker <= 0xd8)) return null;
    const to = at + 2 + head.readUInt16BE(2);
    if (to > file.size) return null;
    const segment = { marker, from: at, to, body: Buffer.from(head.subarray(4, Math.min(18, to - at))) };
    if (marker !== startOfScan) {
      if (frames.has(marker)) {
        read.components = segment.body[5] ?? 0;
        read.progressive = progressive.has(marker);
      }
      const next = await keepSegment(before, segment, read);
      if (next === null) return null;
      at = next;
      continue;
    }
    const end = await endOfScan(file, to);
    if (end === null) return null;
    kept.add(before.parts);
    before = new KeptParts(file);
    kept.range(at, end);
    at = end;
    // All of the picture in one scan: a decoder reads no further.
    if (!read.progressive && segment.body[0] === read.components) {
      await kept.put(end, Buffer.from([0xff, endOfImage]));
      return kept.end();
    }
  }
  return null;
}

/** Tables and frames; of the application's segments what says how the colours are meant. Where to go on; null if unknown. */
async function keepSegment(
  kept: KeptParts,
  { marker, from, to, body }: Segment,
  read: { profile: Buffer | null; jfif: boolean },
): Promise<number | null> {
  const name = body.toString('latin1');
  if (tables.has(marker) || frames.has(marker)) kept.range(from, to);
  else if (marker === jfif && name.startsWith('JFIF\0') && body.length === 14 && !read.jfif) {
    read.jfif = true;
    // Version, density; its thumbnail would be the picture as it was before somebody cut it.
    await kept.put(from, segmentOf(jfif, Buffer.concat([body.subarray(0, 12), Buffer.alloc(2)])));
  } else if (marker === adobe && name.startsWith('Adobe') && body.length >= 12) {
    // How three or four colours were made of others is its last byte.
    await kept.put(from, segmentOf(adobe, body.subarray(0, 12)));
  } else if (marker === profiles && name.startsWith('ICC_PROFILE\0') && read.profile) {
    const bytes = profileSegments(read.profile);
    read.profile = null;
    if (await kept.put(from, bytes)) return from + bytes.length;
  }
  // Some that are rare or reserved might be for the picture.
  return marker >= 0xe0 || tables.has(marker) || frames.has(marker) ? to : null;
}

function segmentOf(marker: number, body: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([head, body]);
}

/** Made anew: of two with one number decoders take either, and skip the other. */
function profileSegments(profile: Buffer): Buffer {
  const room = 65_519;
  const count = Math.ceil(profile.length / room);
  const piece = (i: number): Buffer =>
    Buffer.concat([
      Buffer.from(`ICC_PROFILE\0${String.fromCharCode(i + 1, count)}`, 'latin1'),
      profile.subarray(i * room, (i + 1) * room),
    ]);
  return Buffer.concat(Array.from({ length: count }, (_, i) => segmentOf(profiles, piece(i))));
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
