import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from './faults.js';
import { readIfThere } from './files.js';

/**
 * Who runs under a pid. Pids are used again, after a reboot from the beginning, so a pid in a file proves nothing
 * without the start time beside it. Linux is read from /proc (containers rarely have `ps`), others are asked by `ps`.
 */

/** The same text for as long as the same process runs under this pid; null where none runs. */
export function identityOf(pid: number): string | null {
  if (process.platform === 'linux') {
    const stat = readIfThere(`/proc/${pid}/stat`);
    // The name in parentheses may hold anything. After it: state, then start time as the 20th field.
    const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie holds nothing any more, and in a container without an init it stays for ever.
    if (fields === undefined || fields[0] === 'Z' || fields[0] === 'X') return null;
    return `${bootId()} ${fields[19]}`;
  }
  return ps(pid, 'lstart=');
}

/** The command line of a process, arguments separated by spaces; null where none runs. */
export function commandOf(pid: number): string | null {
  if (process.platform === 'linux') {
    const text = readIfThere(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ').trim();
    return text === undefined || text === '' ? null : text;
  }
  return ps(pid, 'command=');
}

/** Sends a signal; false where the process is gone already. */
function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false;
    throw error;
  }
}

/** SIGTERM, and SIGKILL where that was not enough. Resolves when the process is gone; never touches its successor. */
export async function endProcess(pid: number, limitMs: number): Promise<void> {
  const identity = identityOf(pid);
  if (identity === null || !sendSignal(pid, 'SIGTERM')) return;
  const began = Date.now();
  let killed = false;
  while (identityOf(pid) === identity) {
    const waited = Date.now() - began;
    if (waited > limitMs && !killed) killed = sendSignal(pid, 'SIGKILL');
    if (waited > limitMs + 10_000) throw new Error(`process ${pid} does not end, not even by SIGKILL`);
    await sleep(20);
  }
}

let boot: string | undefined;

function bootId(): string {
  boot ??= (readIfThere('/proc/sys/kernel/random/boot_id') ?? '').trim();
  return boot;
}

function ps(pid: number, column: string): string | null {
  try {
    const options = { encoding: 'utf8', timeout: 5_000, env: { PATH: '/bin:/usr/bin', LC_ALL: 'C' } } as const;
    const text = execFileSync('ps', ['-ww', '-o', column, '-p', String(pid)], options).trim();
    return text === '' ? null : text;
  } catch (error) {
    // `ps` says by exit code 1 that there is no such process.
    if (isStatusOne(error)) return null;
    throw error;
  }
}

function isStatusOne(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'status' in error && error.status === 1;
}
