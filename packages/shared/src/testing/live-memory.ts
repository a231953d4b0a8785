import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect: unknown = runInNewContext('gc');

/** Bytes of all buffers that somebody still holds: garbage is collected first. */
export function liveBufferBytes(): number {
  if (typeof collect === 'function') collect();
  return process.memoryUsage().arrayBuffers;
}

/** Bytes of everything that somebody still holds, buffers among it. */
export function liveBytes(): number {
  const buffers = liveBufferBytes();
  return buffers + process.memoryUsage().heapUsed;
}
