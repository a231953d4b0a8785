import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { freePort } from './port.js';
import type { RedisRuntime } from './redis-binary.js';
import { containerArguments, removeContainer, type RedisContainer } from './redis-docker.js';
import type { RedisAddress } from './redis-ping.js';
import type { RedisPlace } from './redis-place.js';
import { redisEnvironment, type RedisProgram } from './redis-search.js';

// Durability and eviction, shared with compose.
const settings = fileURLToPath(new URL('../../redis.conf', import.meta.url));

/** How a Redis is started, and where it then listens. */
export interface RedisPlan {
  readonly address: RedisAddress;
  readonly url: string;
  readonly description: string;
  readonly launch: () => ChildProcess;
  /** Ends what this process cannot reach by a signal. */
  readonly clear: () => Promise<void>;
}

export async function planRedis(
  runtime: RedisRuntime,
  place: RedisPlace,
  env: NodeJS.ProcessEnv | undefined,
): Promise<RedisPlan> {
  return runtime.kind === 'program' ? planProgram(runtime, place) : planContainer(runtime, place, env);
}

function planProgram(program: RedisProgram, place: RedisPlace): RedisPlan {
  const listen = ['--port', '0', '--unixsocket', place.socket, '--unixsocketperm', '700'];
  // With its arguments as its title it can be told from others: see preparePlace.
  const args = [settings, ...listen, '--daemonize', 'no', '--dir', place.dir, '--set-proc-title', 'no'];
  const env = redisEnvironment(program.libraryPath);
  return {
    address: { connect: { path: place.socket } },
    url: `unix:${place.socket}`,
    description: `Redis ${program.version}, private`,
    // A group of its own: a terminal's Ctrl-C reaches us alone, and Redis goes last.
    launch: () =>
      spawn(program.file, args, { argv0: program.argv0, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] }),
    clear: async () => undefined,
  };
}

async function planContainer(
  container: RedisContainer,
  place: RedisPlace,
  env: NodeJS.ProcessEnv | undefined,
): Promise<RedisPlan> {
  const port = await freePort('127.0.0.1');
  const password = randomBytes(24).toString('hex');
  const configuration = `${readFileSync(settings, 'utf8')}\nrequirepass ${password}\n`;
  const args = containerArguments(container, place.dir, port);
  return {
    address: { connect: { host: '127.0.0.1', port }, password },
    url: `redis://:${password}@127.0.0.1:${port}`,
    description: `Redis in a container of ${container.image}`,
    launch: () => {
      const child = spawn(container.docker, args, { detached: true, stdio: 'pipe', ...(env ? { env } : {}) });
      // EPIPE where the client ended before it read: its exit says why.
      child.stdin.on('error', () => undefined).end(configuration);
      return child;
    },
    clear: () => removeContainer(container, place.dir, env),
  };
}
