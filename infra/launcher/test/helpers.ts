import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach } from '@jest/globals';
import { parseFields } from '../src/files.js';
import { endProcess, identityOf } from '../src/process-table.js';

const made: string[] = [];

/** A directory of the test's own, removed when its file is done. */
export async function tempDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'launcher test '));
  made.push(dir);
  return dir;
}

/** One where every user may be, and whose path leaves room for the name of a socket, whatever TMPDIR is. */
export async function shortDir(): Promise<string> {
  const dir = await mkdtemp('/tmp/launcher-test-');
  made.push(dir);
  return dir;
}

afterAll(async () => {
  for (const dir of made) await rm(dir, { recursive: true, force: true });
});

const open: (() => Promise<unknown>)[] = [];

/** Stops it after the test, whatever the test came to. */
export function closing<T extends { stop: () => Promise<unknown> }>(thing: T): T {
  open.push(thing.stop);
  return thing;
}

afterEach(async () => {
  for (let close = open.pop(); close !== undefined; close = open.pop()) await close();
});

/** Ends a process after the test, should it still run. */
export function ending(pid: number): void {
  open.push(() => endProcess(pid, 1_000));
}

/** Collects the lines that are said. */
export function listener(): { say: (line: string) => void; said: string[] } {
  const said: string[] = [];
  return { say: (line) => void said.push(line), said };
}

/** The Redis that the launcher of a data directory has noted. */
export function notedRedis(dataDir: string): number {
  const { pid } = parseFields(readFileSync(join(dataDir, 'redis.pid'), 'utf8')) ?? {};
  if (typeof pid !== 'number') throw new Error(`no Redis is noted in ${dataDir}`);
  return pid;
}

export function isRunning(pid: number | undefined): boolean {
  return pid !== undefined && identityOf(pid) !== null;
}

/** Waits for a fact, by its name. */
export async function until(what: string, fact: () => boolean | Promise<boolean>, limitMs = 15_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await fact())) {
    if (Date.now() > end) throw new Error(`not within ${limitMs} ms: ${what}`);
    await sleep(10);
  }
}

/** One Redis command in inline form, and the answer's first line (of a bulk: its text). */
export function redis(url: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path: url.replace(/^unix:/, '') });
    socket.setEncoding('utf8').once('data', (text: string) => {
      socket.destroy();
      const lines = text.split('\r\n');
      resolve((text.startsWith('$') && !text.startsWith('$-1') ? lines[1] : lines[0]) ?? '');
    });
    socket.once('error', reject);
    socket.write(`${command}\r\n`);
  });
}

export function fixture(name: string): string {
  return fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
}

export interface Launched {
  readonly process: ChildProcess;
  /** All it has printed so far. */
  readonly output: () => string;
  readonly exit: Promise<number | string>;
}

/** Runs a TypeScript fixture as a process of its own. */
export function launch(name: string, args: readonly string[], env: NodeJS.ProcessEnv): Launched {
  const child = spawn(process.execPath, ['--import', 'tsx', fixture(name), ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  }
  const exit = once(child, 'close').then(([code, signal]: unknown[]) =>
    typeof code === 'number' ? code : String(signal),
  );
  open.push(async () => {
    child.kill('SIGTERM');
    await exit;
  });
  return { process: child, output: () => text, exit };
}
