import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { World } from '../../../test/world.js';

/** The command as people run it: a process with its streams, against a running Rendermill. */
export const bin = fileURLToPath(new URL('../bin/rendermill.js', import.meta.url));

export interface Ended {
  code: number | null;
  out: string;
  err: string;
}

interface Options {
  readonly env?: Record<string, string>;
  readonly input?: string;
  readonly cwd?: string;
}

export interface Running {
  readonly child: ChildProcess;
  /** What was written so far. */
  readonly soFar: Ended;
  readonly ended: Promise<Ended>;
}

export type Rendermill = ((args: readonly string[], options?: Options) => Promise<Ended>) & {
  readonly start: (args: readonly string[], options?: Options) => Running;
  readonly folder: string;
};

/** Runs `rendermill` with this world's address and key, and a home of its own. */
export async function rendermillOf(world: Pick<World, 'url' | 'key'>): Promise<Rendermill> {
  const folder = await mkdtemp(join(tmpdir(), 'rm-cli-'));
  const start = (args: readonly string[], { env = {}, input, cwd = folder }: Options = {}): Running => {
    const settings = { RENDERMILL_URL: world.url, RENDERMILL_API_KEY: world.key, XDG_CONFIG_HOME: folder, ...env };
    const child = spawn(process.execPath, [bin, ...args], {
      cwd,
      env: { PATH: process.env['PATH'], ...settings },
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    const soFar: Ended = { code: null, out: '', err: '' };
    child.stdin?.end(input);
    child.stdout?.on('data', (chunk: Buffer) => (soFar.out += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (soFar.err += chunk.toString()));
    const ended = new Promise<Ended>((resolve) =>
      child.once('close', (code) => {
        soFar.code = code;
        resolve(soFar);
      }),
    );
    return { child, soFar, ended };
  };
  return Object.assign(async (args: readonly string[], options?: Options) => start(args, options).ended, {
    start,
    folder,
  });
}
