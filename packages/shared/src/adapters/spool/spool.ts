import { access, mkdir, readdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Checkpoint } from '../../domain/attempts.js';
import { FileSink } from '../../streams/file-sink.js';
import { Journal, type AttemptKey } from './journal.js';
import { syncFolder } from './sync-folder.js';

/** A picture may have 80 MB, and some may be on their way. */
const leastFreeBytes = 256 * 1024 * 1024;

/**
 * A worker's folder on local disk: results that are paid and not stored yet, inputs on their way, and the journal.
 * One folder per worker process; the folder of a dead one is taken over by a process on the same disk.
 */
export class Spool {
  readonly root: string;
  readonly worker: string;
  readonly journal: Journal;

  private constructor(root: string, worker: string, journal: Journal) {
    this.root = root;
    this.worker = worker;
    this.journal = journal;
  }

  static async open(dataDir: string, worker: string, onFault: (error: unknown) => void): Promise<Spool> {
    const root = spoolRoot(dataDir);
    const folder = join(root, worker);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const journal = await Journal.create(folder, onFault);
    await syncFolder(folder);
    await syncFolder(root);
    return new Spool(root, worker, journal);
  }

  /** The path of a file in a worker's folder: this one's, or one that was taken over. */
  path(file: string, worker = this.worker): string {
    return join(this.root, worker, file);
  }

  /** A new file for one image of an attempt. `try` tells apart copies of one result link. */
  async imageSink(key: AttemptKey, index: number, attempt = 0): Promise<{ sink: FileSink; file: string }> {
    const file = `${key}-${index}.${attempt}.image`;
    return { sink: await FileSink.open(this.path(file)), file };
  }

  /** A new file for an input on its way. */
  async inputSink(key: string, name: string): Promise<FileSink> {
    return FileSink.open(this.path(`${key}-${name}.input`));
  }

  /** Removes files of an attempt or job, by what their names begin with. */
  async discard(prefix: string, worker = this.worker): Promise<void> {
    const folder = join(this.root, worker);
    const files = await readdir(folder);
    await Promise.all(
      files.filter((file) => file.startsWith(prefix)).map((file) => rm(join(folder, file), { force: true })),
    );
  }

  /** The part of a checkpoint that this process can get at: links, and files on this disk. */
  async reachable(checkpoint: Checkpoint): Promise<Checkpoint> {
    const here = await Promise.all(
      checkpoint.spooled.map(async ({ file }) => exists(this.path(file, checkpoint.worker))),
    );
    return { ...checkpoint, spooled: checkpoint.spooled.filter((_, i) => here[i]) };
  }

  /** Names in a folder become durable with the folder, not with the file. */
  async sync(): Promise<void> {
    await syncFolder(join(this.root, this.worker));
  }

  /** True where the disk may not hold what calls in flight bring: then nothing more is bought. */
  async isFull(): Promise<boolean> {
    const { bavail, bsize } = await statfs(this.root);
    return bavail * bsize < leastFreeBytes;
  }

  /** Ends the journal, and removes the folder where nothing is left to resume. */
  async close(): Promise<void> {
    await this.journal.end();
    if (this.journal.open.size === 0) await rm(join(this.root, this.worker), { recursive: true, force: true });
  }
}

export function spoolRoot(dataDir: string): string {
  return join(dataDir, 'spool');
}

/** Folders of workers on this disk. */
export async function spoolFolders(root: string): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
