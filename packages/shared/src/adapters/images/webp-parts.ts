import type { FileWindow } from './file-window.js';
import { KeptParts, maxParts, type PictureParts } from './kept-parts.js';

const [alpha, hasProfile] = [0x10, 0x20];
const pictures = new Set(['VP8 ', 'VP8L']);

export async function webpParts(file: FileWindow, profile: Buffer | null): Promise<PictureParts | null> {
  const riff = Buffer.from((await file.at(0, 12)).subarray(0, 12));
  if (riff.length < 12) return null;
  const end = 8 + riff.readUInt32LE(4);
  if (end > file.size) return null;
  const kept = new KeptParts(file);
  const seen = new Set<string>();
  let at = 12;
  for (let count = 0; at < end && count < maxParts; count++) {
    const head = await file.at(at, 18);
    if (head.length < 8) return null;
    const type = head.toString('latin1', 0, 4);
    const bytes = head.readUInt32LE(4);
    const next = at + 8 + bytes + (bytes % 2);
    if (next > end) return null;
    if (type === 'VP8X') {
      if (at !== 12 || bytes !== 10 || head.length < 18) return null;
      const extended = Buffer.from(head.subarray(0, 18));
      // Flags, and three bytes that are reserved.
      extended.writeUInt32LE((extended[8] ?? 0) & (alpha | (profile ? hasProfile : 0)), 8);
      await kept.put(at, extended);
      seen.add(type);
    } else if (pictures.has(type) || type === 'ALPH' || (type === 'ICCP' && profile)) {
      // A decoder reads each once, and nothing behind the picture.
      if (seen.has(type) || [...pictures].some((picture) => seen.has(picture))) return null;
      if (type === 'ALPH' && !seen.has('VP8X')) return null;
      seen.add(type);
      if (type === 'ICCP' && profile) await kept.put(at, chunkOf('ICCP', profile));
      else kept.range(at, next);
    }
    at = next;
  }
  if (at !== end) return null;
  return withRiffHead(kept, riff, file.size);
}

function chunkOf(type: string, data: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write(type, 'latin1');
  head.writeUInt32LE(data.length, 4);
  return Buffer.concat([head, data, Buffer.alloc(data.length % 2)]);
}

/** The first twelve bytes say how much follows. */
function withRiffHead(kept: KeptParts, riff: Buffer, size: number): PictureParts {
  const { parts } = kept;
  const bytes = parts.reduce((sum, part) => sum + ('to' in part ? part.to - part.from : part.bytes.length), 0);
  riff.writeUInt32LE(bytes + 4, 4);
  return { parts: [{ bytes: riff }, ...parts], whole: bytes + 12 === size && parts.every((part) => 'to' in part) };
}
