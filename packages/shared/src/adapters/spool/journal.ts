import { open, readFile, rename, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { AttemptIntent, AttemptSettlement, Checkpoint } from '../../domain/attempts.js';

/**
 * The worker's own record of what it is about to pay for and what came of it, beside its spool. Redis holds the same
 * in the ledger; this copy survives the loss of Redis, and tells the next process on this disk what to resume.
 */

/** Names one attempt in file names and records: `{job}.{generation}.{number}`. */
export type AttemptKey = string;

export function attemptKey(job: string, generation: number, number: number): AttemptKey {
  return `${job}.${generation}.${number}`;
}

export interface JournalIntent {
  readonly kind: 'intent';
  readonly key: AttemptKey;
  readonly number: number;
  readonly intent: AttemptIntent;
}

export interface JournalSettlement {
  readonly kind: 'settled';
  readonly key: AttemptKey;
  readonly settlement: AttemptSettlement;
  readonly checkpoint: Checkpoint | null;
}

/** Nothing of the attempt is left to do. */
export interface JournalEnd {
  readonly kind: 'closed';
  readonly key: AttemptKey;
}

export type JournalRecord = JournalIntent | JournalSettlement | JournalEnd;

/** What is known of an attempt that is not closed. */
export interface OpenAttempt {
  readonly intent: JournalIntent;
  readonly settled: JournalSettlement | null;
}

const fileName = 'journal.ndjson';
const compactAt = 1024 * 1024;

interface Waiting {
  readonly line: string;
  readonly sync: boolean;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

export class Journal {
  readonly #folder: string;
  #file: FileHandle;
  #bytes = 0;
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | null = null;
  /** Lines of attempts that are not closed: what a compaction keeps. */
  readonly #open = new Map<AttemptKey, string[]>();

  private constructor(folder: string, file: FileHandle) {
    this.#folder = folder;
    this.#file = file;
  }

  static async create(folder: string): Promise<Journal> {
    return new Journal(folder, await open(join(folder, fileName), 'ax', 0o600));
  }

  /** Resolves when the record is on disk. Records that come together share one sync. */
  async append(record: JournalIntent | JournalSettlement): Promise<void> {
    return this.#append(record, true);
  }

  /** The end of an attempt need not be synced: to resume what is done already changes nothing. */
  async close(key: AttemptKey): Promise<void> {
    return this.#append({ kind: 'closed', key }, false);
  }

  async end(): Promise<void> {
    await this.#flushing;
    await this.#file.close();
  }

  /** Attempts that are not closed. */
  get openAttempts(): number {
    return this.#open.size;
  }

  async #append(record: JournalRecord, sync: boolean): Promise<void> {
    const line = `${JSON.stringify(record)}\n`;
    if (record.kind === 'closed') this.#open.delete(record.key);
    else this.#open.set(record.key, [...(this.#open.get(record.key) ?? []), line]);
    return new Promise((done, failed) => {
      this.#waiting.push({ line, sync, done, failed });
      this.#flushing ??= this.#flush().finally(() => {
        this.#flushing = null;
      });
    });
  }

  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        const text = group.map(({ line }) => line).join('');
        await this.#file.appendFile(text);
        this.#bytes += text.length;
        if (group.some(({ sync }) => sync)) await this.#file.datasync();
        if (this.#bytes > compactAt) await this.#compact();
        for (const { done } of group) done();
      } catch (error) {
        for (const { failed } of group) failed(error);
      }
    }
  }

  /** A new journal of the open attempts takes the old one's place in one step. */
  async #compact(): Promise<void> {
    const next = join(this.#folder, 'journal.next');
    const file = await open(next, 'w', 0o600);
    const text = [...this.#open.values()].flat().join('');
    await file.appendFile(text);
    await file.datasync();
    await rename(next, join(this.#folder, fileName));
    await this.#file.close();
    this.#file = file;
    this.#bytes = text.length;
  }
}

/** The attempts that a journal leaves open. A last line that was cut by a crash was never acknowledged. */
export async function readJournal(folder: string): Promise<Map<AttemptKey, OpenAttempt>> {
  const attempts = new Map<AttemptKey, OpenAttempt>();
  for (const record of await records(folder)) {
    if (record.kind === 'intent') attempts.set(record.key, { intent: record, settled: null });
    else if (record.kind === 'closed') attempts.delete(record.key);
    else {
      const known = attempts.get(record.key);
      if (known) attempts.set(record.key, { ...known, settled: record });
    }
  }
  return attempts;
}

async function records(folder: string): Promise<JournalRecord[]> {
  let text: string;
  try {
    text = await readFile(join(folder, fileName), 'utf8');
  } catch (error) {
    // A worker that died while it made its folder has paid for nothing.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const lines = text.split('\n');
  lines.pop();
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as JournalRecord);
}
