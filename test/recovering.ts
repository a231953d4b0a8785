import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { AppProcess } from './processes.js';
import type { World } from './world.js';

/** Losing a worker, losing Redis, and `rendermill recover`, in tests. */

const bin = fileURLToPath(new URL('../apps/cli/bin/rendermill.js', import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The command as a process of its own, with the world's environment. */
export async function recover(world: World, ...args: string[]): Promise<Ran> {
  const child = spawn(process.execPath, [bin, 'recover', ...args], {
    env: { PATH: process.env['PATH'], ...world.env },
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await ended, out, err };
}

/** All that the world has in Redis, but for the API beside it that tells that it lives. */
export async function keysOf(world: World): Promise<string[]> {
  return (await world.redis.keys(`${world.prefix}*`)).filter((key) => !key.startsWith(`${world.prefix}api:`));
}

/** What FLUSHALL does, for this world alone. */
export async function loseRedis(world: World): Promise<void> {
  for (let left = await keysOf(world); left.length > 0; left = await keysOf(world)) await world.redis.unlink(...left);
}

/**
 * As if lease and grace of a worker that was killed were over. Another must have begun since then: after a silence of all
 * nobody is given up for a while.
 */
export async function outlive({ redis, prefix }: World, dead: AppProcess): Promise<void> {
  const id = /"worker":"(wrk_\w+)"/.exec(dead.log.join(''))?.[1] ?? '';
  await redis.del(`${prefix}worker:${id}`);
  if ((await redis.zadd(`${prefix}workers`, 'XX', 'CH', 1, id)) !== 1) throw new Error(`no worker ${id} is known`);
}
