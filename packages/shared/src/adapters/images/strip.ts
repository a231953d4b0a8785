import { createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { DecodedImage } from './decode.js';
import { FileWindow } from './file-window.js';
import type { Part } from './kept-parts.js';
import { pictureParts } from './picture-parts.js';
import { readOptions, sharp } from './sharp.js';

/**
 * Copies a picture to `target` without what else its file holds: the pixels stay as they are coded. `whole` where there is
 * nothing else and nothing was written; `unknown` where the file is built otherwise than we know.
 */
export async function stripPicture(
  path: string,
  target: string,
  { type, hasProfile }: DecodedImage,
): Promise<'stripped' | 'whole' | 'unknown'> {
  const profile = hasProfile ? await readProfile(path) : null;
  const file = await open(path, 'r');
  try {
    const found = await pictureParts(new FileWindow(file, (await file.stat()).size), { type, profile });
    if (!found) return 'unknown';
    if (found.whole) return 'whole';
    await pipeline(bytesOf(path, found.parts), createWriteStream(target, { flags: 'wx', mode: 0o600 }));
    return 'stripped';
  } finally {
    await file.close();
  }
}

/** A colour profile says first how long it is: what stands behind that is none of it, and one without a head is none. */
async function readProfile(path: string): Promise<Buffer | null> {
  const { icc } = await sharp(path, readOptions).metadata();
  const profile = icc && icc.length >= 128 ? icc.subarray(0, icc.readUInt32BE(0)) : null;
  return profile && profile.length >= 128 ? profile : null;
}

async function* bytesOf(path: string, parts: readonly Part[]): AsyncGenerator<Buffer> {
  for (const part of parts) {
    if ('bytes' in part) yield part.bytes;
    else if (part.to > part.from)
      yield* createReadStream(path, { start: part.from, end: part.to - 1 }) as AsyncIterable<Buffer>;
  }
}
