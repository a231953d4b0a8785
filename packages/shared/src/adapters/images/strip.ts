import { createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { DecodedImage } from './decode.js';
import { FileWindow } from './file-window.js';
import { pictureParts, type Part } from './picture-parts.js';

/**
 * Copies a picture to `target` without what else its file holds: the pixels stay as they are coded. `whole` where there is
 * nothing else and nothing was written; `unknown` where the file is built otherwise than we know.
 */
export async function stripPicture(
  path: string,
  target: string,
  image: DecodedImage,
): Promise<'stripped' | 'whole' | 'unknown'> {
  const file = await open(path, 'r');
  try {
    const found = await pictureParts(new FileWindow(file, (await file.stat()).size), image);
    if (!found) return 'unknown';
    if (found.whole) return 'whole';
    await pipeline(bytesOf(path, found.parts), createWriteStream(target, { flags: 'wx', mode: 0o600 }));
    return 'stripped';
  } finally {
    await file.close();
  }
}

async function* bytesOf(path: string, parts: readonly Part[]): AsyncGenerator<Buffer> {
  for (const part of parts) {
    if ('bytes' in part) yield part.bytes;
    else if (part.to > part.from)
      yield* createReadStream(path, { start: part.from, end: part.to - 1 }) as AsyncIterable<Buffer>;
  }
}
