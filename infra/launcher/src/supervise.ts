import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { backoff } from '@rendermill/shared/domain/backoff';
import { messageOf } from './faults.js';
import { duration, type Say } from './say.js';

/** A process that is kept running. */
export interface Spec {
  readonly name: string;
  readonly spawn: () => ChildProcess;
  /** Resolves when the process can be used, rejects where it must be given up. The signal says that it has ended. */
  readonly ready: (child: ChildProcess, ended: AbortSignal) => Promise<void>;
  /** The last things it said, for a person. */
  readonly tail: () => string;
  /** Before every start but the first. */
  readonly beforeRestart?: () => Promise<void>;
  /** Waits between restarts; a process that has run for `stableMs` starts with a fresh account of failures. */
  readonly restart: { readonly baseMs: number; readonly maxMs: number; readonly stableMs: number };
  readonly say: Say;
}

export interface Supervised {
  /** Of the present life; another after a restart. */
  readonly pid: number | undefined;
  /** SIGTERM, and SIGKILL after the limit. Resolves when the process is gone and stays so. */
  readonly stop: (limitMs: number) => Promise<void>;
  /** SIGKILL, for a stop that takes too long. */
  readonly kill: () => void;
}

interface Life {
  readonly child: ChildProcess;
  /** Why it ended. Never rejects. */
  readonly ended: Promise<string>;
  /** True once it can be used, false where it ended before. Never rejects. */
  readonly ready: Promise<boolean>;
  readonly began: number;
}

/** Starts it and waits until it is ready. Throws with its last words where it ends before that. */
export async function supervise(spec: Spec, signal?: AbortSignal): Promise<Supervised> {
  signal?.throwIfAborted();
  const stopping = new AbortController();
  let life = begin(spec);
  const interrupt = () => life.child.kill('SIGTERM');
  signal?.addEventListener('abort', interrupt);
  const ready = await life.ready;
  signal?.removeEventListener('abort', interrupt);
  if (!ready || signal?.aborted) {
    await end(spec, life, 5_000);
    signal?.throwIfAborted();
    throw new Error(`${spec.name} ended at its start (${await life.ended}).\n${spec.tail()}`);
  }

  const keep = async () => {
    for (let failures = 0; ; failures++) {
      const why = await life.ended;
      if (stopping.signal.aborted) return;
      if (Date.now() - life.began > spec.restart.stableMs) failures = 0;
      const waitMs = backoff(failures, spec.restart.baseMs, spec.restart.maxMs, Math.random);
      spec.say(`${spec.name} ended (${why}); starting it again in ${duration(waitMs)}\n${spec.tail()}`.trimEnd());
      if (await interrupted(waitMs, stopping.signal)) return;
      try {
        await spec.beforeRestart?.();
        if (stopping.signal.aborted) return;
        life = begin(spec);
        void tellReturn(spec, life);
      } catch (error) {
        // The old life has ended, so the loop comes back here after a longer wait.
        spec.say(`${spec.name} cannot be started: ${messageOf(error)}`);
      }
    }
  };
  const keeping = keep();
  return {
    get pid() {
      return life.child.pid;
    },
    stop: async (limitMs) => {
      stopping.abort();
      await end(spec, life, limitMs);
      await keeping;
    },
    kill: () => {
      stopping.abort();
      life.child.kill('SIGKILL');
    },
  };
}

function begin(spec: Spec): Life {
  const began = Date.now();
  const over = new AbortController();
  const child = spec.spawn();
  const ended = new Promise<string>((resolve) => {
    // 'error' tells of a spawn that failed, and of signals and messages that could not be delivered to a live child.
    child.on('error', (error) => {
      if (child.pid === undefined) resolve(error.message);
    });
    // 'close' comes when the last words are read too; a grandchild with the same stdout may hold it back.
    let late: NodeJS.Timeout | undefined;
    child.once('exit', (code, by) => (late = setTimeout(resolve, 500, by ?? `exit code ${code}`)));
    child.once('close', (code, by) => {
      clearTimeout(late);
      resolve(by ?? `exit code ${code}`);
    });
  });
  void ended.then(() => over.abort());
  const ready = spec.ready(child, over.signal).then(
    () => !over.signal.aborted,
    (error: unknown) => {
      if (!over.signal.aborted) spec.say(`${spec.name}: ${messageOf(error)}`);
      child.kill('SIGKILL');
      return false;
    },
  );
  return { child, ended, ready: Promise.race([ready, ended.then(() => false)]), began };
}

async function tellReturn(spec: Spec, life: Life): Promise<void> {
  if (await life.ready) spec.say(`${spec.name} is back after ${duration(Date.now() - life.began)}`);
}

async function end(spec: Spec, life: Life, limitMs: number): Promise<void> {
  life.child.kill('SIGTERM');
  const late = setTimeout(() => {
    spec.say(`${spec.name} did not end in ${duration(limitMs)}; killing it`);
    life.child.kill('SIGKILL');
  }, limitMs);
  await life.ended;
  clearTimeout(late);
}

/** Sleeps; true where the signal came meanwhile. */
async function interrupted(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(ms, undefined, { signal });
    return false;
  } catch (error) {
    if (!signal.aborted) throw error;
    return true;
  }
}
