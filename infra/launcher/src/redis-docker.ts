import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { messageOf } from './faults.js';
import { run } from './run.js';

/** A Redis that runs in a container of this machine's Docker engine. */
export interface RedisContainer {
  readonly kind: 'container';
  readonly docker: string;
  readonly image: string;
  /** `uid:gid` inside the container under which the files in the data directory become ours. */
  readonly user: string;
}

export interface DockerOptions {
  readonly docker: string;
  readonly env: NodeJS.ProcessEnv | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Versions of images live in one file that compose, CI and the launcher read. */
const images = new URL('../../images.env', import.meta.url);

const pullMs = 300_000;

/** Throws where no engine answers or the image cannot be had. */
export async function containerByDocker(options: DockerOptions): Promise<RedisContainer> {
  const { docker, env, signal } = options;
  const image = redisImage();
  // Where no engine runs, the client prints its own half and an error.
  const security = await run(docker, ['info', '--format', '{{json .SecurityOptions}}'], {
    timeoutMs: 10_000,
    env,
    signal,
  });
  const listed = await run(docker, ['image', 'ls', '--quiet', image], { timeoutMs: 10_000, env, signal });
  if (listed.trim() === '') await run(docker, ['pull', '--quiet', image], { timeoutMs: pullMs, env, signal });
  // A rootless engine maps its root to us, and everybody else to nobody we know.
  const rootless = security.includes('name=rootless');
  const user = rootless ? '0:0' : `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
  return { kind: 'container', docker, image, user };
}

function redisImage(): string {
  const image = /^REDIS_IMAGE=(\S+)$/m.exec(readFileSync(images, 'utf8'))?.[1];
  if (image === undefined) throw new Error(`${images.pathname} does not name REDIS_IMAGE`);
  return image;
}

/** One name per data directory, so that the container of a killed launcher is found again. */
function containerName(redisDir: string): string {
  return `rendermill-redis-${createHash('sha256').update(redisDir).digest('hex').slice(0, 12)}`;
}

/**
 * The arguments of `docker`. Sockets do not cross the virtual machine of Docker on macOS, so this one listens on a
 * port of the loopback interface, behind a password: any user of this machine can reach that. The password goes in
 * by stdin (`-`), for arguments are readable by all.
 */
export function containerArguments(container: RedisContainer, redisDir: string, port: number): string[] {
  return [
    'run', '--rm', '--interactive', '--name', containerName(redisDir),
    '--user', container.user, '--entrypoint', 'redis-server',
    '--publish', `127.0.0.1:${port}:6379`, '--volume', `${redisDir}:/data`,
    container.image, '-', '--dir', '/data',
  ]; // prettier-ignore
}

/** Ends what a killed launcher, or a container that is just being removed, has left under this name. */
export async function removeContainer(
  container: RedisContainer,
  redisDir: string,
  env: NodeJS.ProcessEnv | undefined,
): Promise<void> {
  try {
    await run(container.docker, ['rm', '--force', containerName(redisDir)], { timeoutMs: 30_000, env });
  } catch (error) {
    // Newer clients are silent about it.
    if (!messageOf(error).includes('No such container')) throw error;
  }
}
