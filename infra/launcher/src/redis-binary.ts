import { join } from 'node:path';
import { messageOf } from './faults.js';
import { hasApt, installByApt } from './redis-apt.js';
import { containerByDocker, type RedisContainer } from './redis-docker.js';
import { findRedis, findTool, findUnpacked, searchPath, type RedisProgram } from './redis-search.js';
import { unpackByApt } from './redis-unpack.js';
import { duration, type Say } from './say.js';

/** A Redis that can be started. */
export type RedisRuntime = RedisProgram | RedisContainer;

export interface ObtainOptions {
  /** Absolute. Programs brought without root lie under it. */
  readonly dataDir: string;
  /** For the tools that bring one; default: the environment of this process. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly say: Say;
  readonly signal?: AbortSignal | undefined;
  /** Where to look for a server; default: PATH and the usual directories. */
  readonly searchIn?: readonly string[] | undefined;
}

interface Way {
  readonly name: string;
  readonly bring: () => Promise<RedisRuntime>;
}

/**
 * Finds a Redis (or Valkey) on this machine, or brings one: no npm package holds a server that runs everywhere.
 * Says in one line what it uses. Throws with the one command to type where all ways failed.
 */
export async function obtainRedis(options: ObtainOptions): Promise<RedisRuntime> {
  const { say, signal } = options;
  const brought = join(options.dataDir, 'redis-server');
  const directories = options.searchIn ?? searchPath(options.env ?? {});
  const troubles: string[] = [];
  for (const search of [() => findRedis(directories, signal), () => findUnpacked(brought, signal)]) {
    const { program, unfit } = await search();
    if (program !== null) {
      say(`Redis ${program.version} from ${program.file}`);
      return program;
    }
    troubles.push(...unfit);
  }
  for (const way of ways(options, brought)) {
    const began = Date.now();
    say(`No Redis on this machine yet; bringing one: ${way.name} …`);
    try {
      const runtime = await way.bring();
      const what = runtime.kind === 'program' ? `${runtime.version} at ${runtime.file}` : runtime.image;
      say(`Brought Redis ${what} in ${duration(Date.now() - began)}`);
      return runtime;
    } catch (error) {
      signal?.throwIfAborted();
      const [trouble = ''] = messageOf(error).split('\n');
      say(`That did not work: ${trouble}`);
      troubles.push(`${way.name}: ${messageOf(error)}`);
    }
  }
  throw new Error(advice(troubles, searchPath(options.env ?? {})));
}

function ways(options: ObtainOptions, brought: string): Way[] {
  const { env, signal } = options;
  const tools = searchPath(env ?? {});
  const docker = findTool('docker', tools);
  const found: Way[] = [];
  if (hasApt(tools)) {
    const apt = { env, signal };
    if (process.getuid?.() === 0) found.push({ name: 'apt-get install', bring: () => installByApt(apt) });
    found.push({ name: `apt-get download into ${brought}`, bring: () => unpackByApt(apt, brought) });
  }
  if (docker !== null) found.push({ name: 'docker', bring: () => containerByDocker({ docker, env, signal }) });
  return found;
}

// In the order of how much each one says about the system it is found on.
const managers = [
  ['apk', 'apk add redis'],
  ['pacman', 'pacman -S valkey'],
  ['dnf', 'dnf install redis'],
  ['zypper', 'zypper install redis'],
  ['apt-get', 'apt-get install redis-server'],
  ['brew', 'brew install redis'],
] as const;

/** What a person can do, with the one command of this system. */
export function advice(troubles: readonly string[], tools: readonly string[]): string {
  const command = managers.find(([name]) => findTool(name, tools) !== null)?.[1];
  const sudo = process.getuid?.() === 0 || command?.startsWith('brew') ? '' : 'sudo ';
  return [
    'Rendermill needs Redis 6.2 or newer (or Valkey) and could not find or bring one.',
    ...troubles.map((trouble) => `  - ${trouble}`),
    command === undefined
      ? 'Install it by the means of this system, or start Docker.'
      : `Install it with: ${sudo}${command}`,
    'Or set REDIS_URL to a Redis that you run.',
  ].join('\n');
}
