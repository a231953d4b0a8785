import { linkSync, mkdirSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from './faults.js';
import { parseFields, readIfThere } from './files.js';
import { identityOf } from './process-table.js';

/**
 * One holder per lock file. Node has no flock, so the file holds the pid and the start time of its holder, and a
 * file whose holder is gone (SIGKILL, power) is taken over.
 */
export interface Lock {
  /** True where the last holder died without letting go. */
  readonly stale: boolean;
  readonly release: () => void;
}

interface Holder {
  readonly pid: number;
  readonly identity: string;
}

// A take-over lasts less than a millisecond; a guard older than this was left by a kill in the midst of one.
const guardMs = 5_000;

/** Throws where the holder is alive; `refusal` makes the message from its pid. */
export async function acquireLock(file: string, refusal: (pid: number) => string): Promise<Lock> {
  const identity = identityOf(process.pid);
  if (identity === null) throw new Error(`cannot read the start time of process ${process.pid}`);
  const mine = JSON.stringify({ pid: process.pid, identity } satisfies Holder);
  let stale = false;
  for (let tries = 0; !create(file, mine); tries++) {
    const seen = readIfThere(file);
    if (seen === undefined) continue;
    const holder = parse(seen);
    if (holder !== null && identityOf(holder.pid) === holder.identity) throw new Error(refusal(holder.pid));
    stale = true;
    if (tries > 500) throw new Error(`${file} cannot be taken over; remove it when no launcher runs`);
    if (!takeOver(file, seen)) await sleep(20);
  }
  return {
    stale,
    release: () => {
      if (readIfThere(file) === mine) unlinkSync(file);
    },
  };
}

/** Creates the file with all its text at once, by a link: no reader ever sees half of it. False where it exists. */
function create(file: string, text: string): boolean {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text, { mode: 0o600 });
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    unlinkSync(draft);
  }
}

/**
 * Removes a lock file that was seen to be stale. Two launchers may see that at once, and the slower must not remove
 * what the faster has created since: under a guard (mkdir succeeds once) the file is read again.
 */
function takeOver(file: string, seen: string): boolean {
  const guard = `${file}.takeover`;
  try {
    mkdirSync(guard);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    const made = statSync(guard, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - made > guardMs) rmSync(guard, { recursive: true, force: true });
    return false;
  }
  try {
    if (readIfThere(file) === seen) unlinkSync(file);
    return true;
  } finally {
    rmSync(guard, { recursive: true, force: true });
  }
}

/** Null for what no launcher has written whole: a full disk, or power lost before the file reached it. */
function parse(text: string): Holder | null {
  const { pid, identity } = parseFields(text) ?? {};
  return typeof pid === 'number' && typeof identity === 'string' ? { pid, identity } : null;
}
