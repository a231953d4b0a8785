import { messageOf } from './faults.js';
import { findRedis, findTool, type RedisProgram, type Search } from './redis-search.js';
import { run } from './run.js';

/**
 * Redis from Debian's or Ubuntu's archive, checked by apt against the system's own keys.
 *
 * The program lies in `redis-tools`. `redis-server` would add a link to it, a user, a configuration and a system
 * service that starts at once on port 6379, none of which we want: we start our own, privately.
 */
export interface AptOptions {
  readonly env: NodeJS.ProcessEnv | undefined;
  readonly signal: AbortSignal | undefined;
}

// Newer releases may carry Valkey alone.
const packages = ['redis-tools', 'valkey-tools'];
// Package lists are 9 MB and Redis 1 MB: 2 s on a good line, and these limits on a bad one.
const updateMs = 120_000;
const installMs = 180_000;

const patience = [
  '-q',
  '-o',
  'Acquire::Retries=2',
  '-o',
  'Acquire::http::Timeout=20',
  '-o',
  'Acquire::https::Timeout=20',
];

/** True where packages of this system are Debian's. */
export function hasApt(directories: readonly string[]): boolean {
  return ['apt-get', 'apt-cache', 'dpkg'].every((name) => findTool(name, directories) !== null);
}

/** As root: installs the package as everything else on the system is installed, so that it gets security updates. */
export async function installByApt(options: AptOptions): Promise<RedisProgram> {
  const apt = new Apt(options, ['-o', 'DPkg::Lock::Timeout=60']);
  await apt.firstPackage(['install', '-y', '--no-install-recommends']);
  return chosen(await findRedis(['/usr/bin'], options.signal));
}

/** apt and its relatives with settings of our own. */
export class Apt {
  readonly #options: AptOptions;
  readonly #settings: readonly string[];
  readonly #env: NodeJS.ProcessEnv;

  constructor(options: AptOptions, settings: readonly string[]) {
    this.#options = options;
    this.#settings = [...patience, ...settings];
    // dpkg refuses to work where PATH leaves out the sbin directories, as a user's often does.
    const path = `${options.env?.['PATH'] ?? ''}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
    const quiet = { DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_SUSPEND: '1', LC_ALL: 'C' };
    this.#env = { ...options.env, ...quiet, PATH: path };
  }

  get(args: readonly string[], cwd?: string): Promise<string> {
    return this.run('apt-get', [...args, ...this.#settings], installMs, { cwd });
  }

  cache(args: readonly string[]): Promise<string> {
    return this.run('apt-cache', [...args, ...this.#settings], 30_000);
  }

  run(
    command: string,
    args: readonly string[],
    timeoutMs: number,
    more: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
  ): Promise<string> {
    const env = { ...this.#env, ...more.env };
    return run(command, args, { timeoutMs, env, cwd: more.cwd, signal: this.#options.signal });
  }

  /**
   * Updates the package lists and does something with the first package that this release has. One broken
   * third-party list fails the update although the others arrived, so what counts is the second step; should that
   * fail, the update tells why.
   */
  async firstPackage(args: readonly string[], cwd?: string): Promise<string> {
    const troubles: string[] = [];
    const attempt = async (step: () => Promise<string>) => {
      try {
        await step();
        return true;
      } catch (error) {
        this.#options.signal?.throwIfAborted();
        troubles.push(messageOf(error));
        return false;
      }
    };
    const update = ['update', '-o', 'APT::Update::Error-Mode=any', ...this.#settings];
    await attempt(() => this.run('apt-get', update, updateMs));
    for (const name of packages) if (await attempt(() => this.get([...args, name], cwd))) return name;
    throw new Error(troubles.join('\n'));
  }
}

export function chosen(search: Search): RedisProgram {
  if (search.program !== null) return search.program;
  throw new Error(`the package arrived, but ${search.unfit.join('; ') || 'no server is in it'}`);
}
