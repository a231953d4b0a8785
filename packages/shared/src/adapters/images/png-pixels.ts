import { createInflate } from 'node:zlib';
import { once } from 'node:events';
import type { FileWindow } from './file-window.js';

export interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * True where these parts of a PNG are one deflated stream of exactly so many bytes, and nothing behind it. Decoders stop
 * reading at the picture's last row, whatever follows. What is inflated is only counted.
 */
export async function inflatesTo(file: FileWindow, parts: readonly Range[], bytes: number): Promise<boolean> {
  const inflate = createInflate({ chunkSize: 128 * 1024 });
  let inflated = 0;
  inflate.on('data', (chunk: Buffer) => {
    inflated += chunk.length;
    if (inflated > bytes) inflate.destroy(new Error('more than the picture'));
  });
  const ended = new Promise<boolean>((resolve) => {
    inflate.on('end', () => resolve(true));
    inflate.on('error', () => resolve(false));
  });
  const wanted = parts.reduce((sum, { from, to }) => sum + to - from, 0);
  try {
    for (const { from, to } of parts) {
      for (let at = from; at < to;) {
        const window = await file.at(at, 1);
        // A copy: the window is filled again while this is being read.
        const piece = Buffer.from(window.subarray(0, to - at));
        if (piece.length === 0 || inflate.destroyed || inflate.readableEnded) return false;
        at += piece.length;
        if (!inflate.write(piece)) await Promise.race([once(inflate, 'drain'), ended]);
      }
    }
    inflate.end();
    return (await ended) && inflated === bytes && inflate.bytesWritten === wanted;
  } finally {
    inflate.destroy();
  }
}
