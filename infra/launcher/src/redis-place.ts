import { chmodSync, lstatSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { makePrivate } from './data-dir.js';
import { isFields, parseFields, readIfThere } from './files.js';
import { commandOf, endProcess, identityOf } from './process-table.js';
import type { Say } from './say.js';

/**
 * Where the private Redis of a data directory lives, and what a killed launcher has left of the last one.
 *
 * Its socket lies in a short directory of its own, because the kernel cuts a longer path without a word. The path is
 * kept in the pid file and used again after a kill: a worker that outlived its launcher finds the next Redis there
 * and can finish what it has paid for.
 */
export interface RedisPlace {
  /** Append-only file. Absolute. */
  readonly dir: string;
  readonly socket: string;
  /** To be called right after every spawn. */
  readonly note: (pid: number | undefined) => void;
  /** After Redis has ended: removes socket and pid file. */
  readonly leave: () => void;
}

interface PidFile {
  readonly pid: number | undefined;
  readonly socket: string;
  readonly launcher: { readonly pid: number; readonly identity: string };
}

// sockaddr_un holds 108 bytes on Linux and 104 on macOS, the last of them a zero.
const longestSocket = 103;
const prefix = 'rendermill-';

/** Stops a Redis that still runs over this directory. Throws where its launcher is alive. */
export async function preparePlace(dataDir: string, say: Say): Promise<RedisPlace> {
  const dir = join(dataDir, 'redis');
  const file = join(dataDir, 'redis.pid');
  makePrivate(dir);
  const last = readPidFile(file);
  if (last !== null) await endLeftover(last, dir, say);
  const socket = last !== null && isOurs(dirname(last.socket)) ? last.socket : newSocket();
  const launcher = { pid: process.pid, identity: identityOf(process.pid) ?? '' };
  const note = (pid: number | undefined) =>
    writeFileSync(file, JSON.stringify({ pid, socket, launcher } satisfies PidFile), { mode: 0o600 });
  note(undefined);
  return {
    dir,
    socket,
    note,
    leave: () => {
      rmSync(socket, { force: true });
      if (isOurs(dirname(socket))) rmdirSync(dirname(socket));
      rmSync(file, { force: true });
    },
  };
}

async function endLeftover({ pid, launcher }: PidFile, dir: string, say: Say): Promise<void> {
  if (identityOf(launcher.pid) === launcher.identity) {
    throw new Error(`${dir} is in use by the Redis of process ${launcher.pid}`);
  }
  // The pid may be another program's by now: ours names this directory among its arguments.
  if (pid === undefined || !commandOf(pid)?.includes(`--dir ${dir} `)) return;
  say(`Redis of a launcher that was killed still runs (process ${pid}); stopping it`);
  await endProcess(pid, 10_000);
}

function newSocket(): string {
  const base = Buffer.byteLength(tmpdir()) > 60 ? '/tmp' : tmpdir();
  const socket = join(mkdtempSync(join(base, prefix)), 'redis.sock');
  if (Buffer.byteLength(socket) > longestSocket)
    throw new Error(`${socket} is too long for a socket; set TMPDIR to a shorter directory`);
  return socket;
}

/** True for a directory that nobody else could have put there, or could enter. */
function isOurs(directory: string): boolean {
  const stat = lstatSync(directory, { throwIfNoEntry: false });
  if (!basename(directory).startsWith(prefix)) return false;
  if (stat === undefined || !stat.isDirectory() || stat.uid !== process.getuid?.()) return false;
  if ((stat.mode & 0o077) !== 0) chmodSync(directory, 0o700);
  return true;
}

/** Null where there is none, or one that a full disk has cut: it is written before the first spawn. */
function readPidFile(file: string): PidFile | null {
  const { pid, socket, launcher } = parseFields(readIfThere(file) ?? '') ?? {};
  if (typeof socket !== 'string' || !isFields(launcher)) return null;
  if (typeof launcher['pid'] !== 'number' || typeof launcher['identity'] !== 'string') return null;
  const owner = { pid: launcher['pid'], identity: launcher['identity'] };
  return { pid: typeof pid === 'number' ? pid : undefined, socket, launcher: owner };
}
