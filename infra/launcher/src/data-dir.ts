import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { acquireLock } from './lock.js';
import { loadSecrets, type Secrets } from './secrets.js';

/**
 * The data directory of an embedded installation:
 *
 * | entry | what |
 * |---|---|
 * | `launcher.lock` | pid and start time of the launcher that uses it |
 * | `secrets.json` | admin key, secret, webhook secret |
 * | `redis/`, `redis.pid` | append-only file of the private Redis, and who runs it |
 * | `redis-server/` | a Redis program brought for this installation, where the system had none |
 * | `storage/` | images and records, where STORAGE_URL names no other place |
 *
 * API and worker keep their spool here too.
 */
export interface DataDir {
  /** Absolute. */
  readonly path: string;
  /** True where the launcher before this one was killed: what it started may still run. */
  readonly afterKill: boolean;
  /** Made at the first call. */
  readonly secrets: () => Secrets;
  readonly release: () => void;
}

/** Throws where another launcher uses the directory; two would run two Redis servers over one append-only file. */
export async function openDataDir(path: string): Promise<DataDir> {
  const absolute = resolve(path);
  makePrivate(absolute);
  const lock = await acquireLock(
    join(absolute, 'launcher.lock'),
    (pid) =>
      `${absolute} is in use by another launcher, process ${pid}. Stop that one, or choose another RENDERMILL_DATA_DIR.`,
  );
  return {
    path: absolute,
    afterKill: lock.stale,
    secrets: () => loadSecrets(join(absolute, 'secrets.json')),
    release: lock.release,
  };
}

/** Makes a directory that only its owner can enter. */
export function makePrivate(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const stat = statSync(path);
  if ((stat.mode & 0o077) === 0) return;
  // Closing /tmp to all others would break the system it belongs to.
  if ((stat.mode & 0o002) !== 0)
    throw new Error(`${path} can be written by everybody; choose a directory of its own as RENDERMILL_DATA_DIR`);
  chmodSync(path, 0o700);
}
