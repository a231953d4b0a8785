import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { messageOf } from './faults.js';
import { run } from './run.js';

/** A Redis that can be started as a program of this machine. */
export interface RedisProgram {
  readonly kind: 'program';
  readonly file: string;
  /** The name it must be called by, see {@link names}. */
  readonly argv0: string;
  readonly version: string;
  /** Directories of libraries that were brought along with it. */
  readonly libraryPath?: string | undefined;
}

/** BullMQ recommends 6.2; `set-proc-title`, which we need too, came with it. */
const minimum = [6, 2] as const;

// The server, the RDB checker and the AOF checker are one program that goes by the name it is called by. Debian and
// Ubuntu keep it in redis-tools as redis-check-rdb; their redis-server package holds a link to it, and a service.
const names = [
  ['redis-server', 'redis-server'],
  ['valkey-server', 'valkey-server'],
  ['redis-check-rdb', 'redis-server'],
  ['valkey-check-rdb', 'valkey-server'],
] as const;

const usual = ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/opt/homebrew/bin'];

/** The directories of PATH, and those that a service manager's or an editor's short PATH leaves out. */
export function searchPath(env: NodeJS.ProcessEnv): string[] {
  const path = (env['PATH'] ?? '').split(':').filter(isAbsolute);
  return [...new Set([...path, ...usual])];
}

/** Finds an executable by name. */
export function findTool(name: string, directories: readonly string[]): string | null {
  return directories.map((directory) => join(directory, name)).find(isExecutable) ?? null;
}

export interface Search {
  readonly program: RedisProgram | null;
  /** Why what was found cannot be used, one line each. */
  readonly unfit: readonly string[];
}

/** The first server of a fitting version. `signal` ends the search early, with its reason thrown. */
export async function findRedis(
  directories: readonly string[],
  signal?: AbortSignal,
  libraryPath?: string,
): Promise<Search> {
  const unfit: string[] = [];
  for (const directory of directories) {
    for (const [name, argv0] of names) {
      const file = join(directory, name);
      if (!isExecutable(file)) continue;
      const result = await probe(file, argv0, libraryPath, signal);
      if ('version' in result)
        return { program: { kind: 'program', file, argv0, version: result.version, libraryPath }, unfit };
      unfit.push(`${file} ${result.trouble}`);
    }
  }
  return { program: null, unfit };
}

/** Looks for a server among packages unpacked under `root`, with the libraries that lie beside it. */
export async function findUnpacked(root: string, signal?: AbortSignal): Promise<Search> {
  if (!existsSync(root)) return { program: null, unfit: [] };
  return findRedis([join(root, 'usr/bin')], signal, libraryPathOf(root));
}

/** Where libraries lie among unpacked packages, for LD_LIBRARY_PATH. */
export function libraryPathOf(root: string): string {
  return ['usr/lib', 'lib'].flatMap((lib) => subdirectories(join(root, lib))).join(':');
}

/** The environment of a Redis: nothing of ours, for our environment holds keys that pay for images. */
export function redisEnvironment(libraryPath: string | undefined): NodeJS.ProcessEnv {
  return { LC_ALL: 'C', ...(libraryPath ? { LD_LIBRARY_PATH: libraryPath } : {}) };
}

async function probe(
  file: string,
  argv0: string,
  libraryPath: string | undefined,
  signal: AbortSignal | undefined,
): Promise<{ version: string } | { trouble: string }> {
  try {
    const text = await run(file, ['--version'], {
      timeoutMs: 5_000,
      argv0,
      env: redisEnvironment(libraryPath),
      signal,
    });
    const [, version, major, minor] = /\bv=((\d+)\.(\d+)[.\d]*)/.exec(text) ?? [];
    if (version === undefined) return { trouble: 'does not tell its version' };
    const fits = Number(major) > minimum[0] || (Number(major) === minimum[0] && Number(minor) >= minimum[1]);
    return fits ? { version } : { trouble: `is ${version}; ${minimum.join('.')} is needed` };
  } catch (error) {
    signal?.throwIfAborted();
    return { trouble: `does not run: ${messageOf(error)}` };
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    // Missing, forbidden, or on a path that is no directory: for a search all of it means no.
    return false;
  }
}

function subdirectories(directory: string): string[] {
  if (!existsSync(directory)) return [];
  const inside = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [directory, ...inside.map((entry) => join(directory, entry.name))];
}
