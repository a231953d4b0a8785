import { constants, open, readFile, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { AttemptIntent, AttemptSettlement, Checkpoint } from '../../domain/attempts.js';
import type { JobSpec } from '../../domain/job.js';
import type { JobInput } from '../../domain/job-request.js';
import { syncFolder } from './sync-folder.js';

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
  /** Of a single job, what it asks for: by this it is rebuilt after Redis was lost. A batch's lines lie in the bucket. */
  readonly order?: JournalOrder;
}

export interface JournalOrder {
  readonly spec: JobSpec;
  readonly inputs: readonly JobInput[];
  readonly mask: JobInput | null;
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
  readonly record: JournalIntent | JournalSettlement;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

export class Journal {
  readonly #folder: string;
  readonly #onFault: (error: unknown) => void;
  #file: FileHandle;
  /** Up to here the file holds whole records. */
  #bytes = 0;
  #compactAt = compactAt;
  /** A write failed: what it left of itself must go before the next. */
  #torn = false;
  #waiting: Waiting[] = [];
  #ends: JournalEnd[] = [];
  #flushing: Promise<void> | null = null;
  readonly #open = new Map<AttemptKey, OpenAttempt>();

  private constructor(folder: string, file: FileHandle, onFault: (error: unknown) => void) {
    this.#folder = folder;
    this.#file = file;
    this.#onFault = onFault;
  }

  /** `onFault` hears of what went wrong without harm to any record. */
  static async create(folder: string, onFault: (error: unknown) => void): Promise<Journal> {
    return new Journal(folder, await openNew(join(folder, fileName)), onFault);
  }

  /** Resolves when the record is on disk. Records that come together share one sync. */
  async append(record: JournalIntent | JournalSettlement): Promise<void> {
    return this.#append(record);
  }

  /** The end of an attempt goes with the next record: to resume what is done already changes nothing. */
  close(key: AttemptKey): void {
    const record: JournalEnd = { kind: 'closed', key };
    remember(this.#open, record);
    this.#ends.push(record);
  }

  async end(): Promise<void> {
    await this.#flushing;
    if (this.#open.size > 0 && this.#ends.length > 0) await this.#write(this.#ends.splice(0));
    await this.#file.close();
  }

  /** Attempts that are not closed. */
  get open(): ReadonlyMap<AttemptKey, OpenAttempt> {
    return this.#open;
  }

  async #append(record: JournalIntent | JournalSettlement): Promise<void> {
    return new Promise((done, failed) => {
      this.#waiting.push({ record, done, failed });
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
        await this.#write([...this.#ends.splice(0), ...group.map(({ record }) => record)]);
      } catch (error) {
        for (const { failed } of group) failed(error);
        continue;
      }
      if (this.#bytes > this.#compactAt) await this.#compact().catch(this.#onFault);
      for (const { done } of group) done();
    }
  }

  async #write(group: readonly JournalRecord[]): Promise<void> {
    if (this.#torn) await this.#file.truncate(this.#bytes);
    this.#torn = true;
    const text = Buffer.from(lines(group));
    await this.#file.appendFile(text);
    this.#torn = false;
    this.#bytes += text.length;
    for (const record of group) remember(this.#open, record);
  }

  /** A new journal of the open attempts takes the old one's place in one step. */
  async #compact(): Promise<void> {
    const next = join(this.#folder, 'journal.next');
    await rm(next, { force: true });
    const file = await openNew(next);
    const text = Buffer.from(
      lines([...this.#open.values()].flatMap(({ intent, settled }) => (settled ? [intent, settled] : [intent]))),
    );
    // Where most of it is open, to write it again at every record would gain nothing.
    this.#compactAt = Math.max(compactAt, 2 * text.length);
    try {
      await file.appendFile(text);
      await rename(next, join(this.#folder, fileName));
    } catch (error) {
      await file.close();
      throw error;
    }
    const old = this.#file;
    this.#file = file;
    this.#bytes = text.length;
    await old.close();
    await syncFolder(this.#folder);
  }
}

/** What is written to it is on disk when the write returns: one step where write and sync would be two. */
async function openNew(path: string): Promise<FileHandle> {
  const { O_APPEND, O_CREAT, O_EXCL, O_WRONLY, O_DSYNC } = constants;
  return open(path, O_APPEND | O_CREAT | O_EXCL | O_WRONLY | O_DSYNC, 0o600);
}

const lines = (records: readonly JournalRecord[]): string =>
  records.map((record) => `${JSON.stringify(record)}\n`).join('');

function remember(attempts: Map<AttemptKey, OpenAttempt>, record: JournalRecord): void {
  const known = attempts.get(record.key);
  if (record.kind === 'intent') attempts.set(record.key, { intent: record, settled: null });
  else if (record.kind === 'closed') attempts.delete(record.key);
  else if (known) attempts.set(record.key, { ...known, settled: record });
}

/** The attempts that a dead worker's journal leaves open. */
export interface ReadJournal {
  readonly attempts: ReadonlyMap<AttemptKey, OpenAttempt>;
  /** Lines that cannot be read, but for a last one: that was cut by a crash and never acknowledged. */
  readonly unreadable: number;
}

export async function readJournal(folder: string): Promise<ReadJournal> {
  const attempts = new Map<AttemptKey, OpenAttempt>();
  let unreadable = 0;
  for (const line of await whole(folder)) {
    try {
      remember(attempts, JSON.parse(line) as JournalRecord);
    } catch {
      // Counted: its folder is kept for a person to look at.
      unreadable++;
    }
  }
  return { attempts, unreadable };
}

async function whole(folder: string): Promise<string[]> {
  let text: string;
  try {
    text = await readFile(join(folder, fileName), 'utf8');
  } catch (error) {
    // A worker that died while it made its folder has paid for nothing.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return text
    .split('\n')
    .slice(0, -1)
    .filter((line) => line !== '');
}
