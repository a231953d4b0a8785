import { decodes } from './decode.js';
import { decodeTime, readOptions, sharp } from './sharp.js';

/** True where no pixel lets anything through. `stats()` would tell too, ten times as slowly. */
export async function isOpaque(path: string): Promise<boolean> {
  const alpha = await decodes(async () =>
    sharp(path, readOptions).ensureAlpha().extractChannel('alpha').raw().timeout(decodeTime).toBuffer(),
  );
  // Every byte is as the one before it, and the first is full.
  return alpha[0] === 255 && alpha.subarray(1).equals(alpha.subarray(0, -1));
}
