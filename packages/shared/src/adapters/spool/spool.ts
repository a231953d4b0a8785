import { access, mkdir, readdir, rm, stat, statfs, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Checkpoint } from '../../domain/attempts.js';
import { FileSink, type WrittenFile } from '../../streams/file-sink.js';
import type { BlobSink } from '../../streams/json-blobs.js';
import { Journal, type AttemptKey } from './journal.js';
import { RecentFiles } from './recent-files.js';
import { FolderSync, syncFolder } from './sync-folder.js';

/** A picture that arrived, and its name in the spool. */
export interface SpooledFile extends WrittenFile {
  readonly file: string;
}

export type ImageSink = BlobSink<SpooledFile>;

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
  readonly #folder: FolderSync;
  readonly #recent = new RecentFiles();
  /** Names in this worker's folder. */
  readonly #files = new Set<string>();
  /** On their way to the disk. */
  readonly #syncs = new Map<string, Promise<void>>();

  private constructor(root: string, worker: string, journal: Journal, folder: FolderSync) {
    this.root = root;
    this.worker = worker;
    this.journal = journal;
    this.#folder = folder;
  }

  static async open(dataDir: string, worker: string, onFault: (error: unknown) => void): Promise<Spool> {
    const root = spoolRoot(dataDir);
    const folder = join(root, worker);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const journal = await Journal.create(folder, onFault);
    const sync = await FolderSync.open(folder);
    await sync.sync();
    await syncFolder(root);
    return new Spool(root, worker, journal, sync);
  }

  /** The path of a file in a worker's folder: this one's, or one that was taken over. */
  path(file: string, worker = this.worker): string {
    return join(this.root, worker, file);
  }

  /** The bytes of a file that was written a moment ago, or null where they must be read from its path. */
  recent(file: string, worker = this.worker): Buffer | null {
    return worker === this.worker ? this.#recent.get(file) : null;
  }

  /** A new file for one image of an attempt. `attempt` tells apart copies of one result link. */
  async imageSink(key: AttemptKey, index: number, attempt = 0): Promise<ImageSink> {
    const file = `${key}-${index}.${attempt}.image`;
    const { reserve, keep } = this.#recent.room();
    const sink = await FileSink.open(this.#own(file), reserve);
    return {
      write: async (bytes) => sink.write(bytes),
      end: async () => {
        keep(file, await sink.finish());
        const synced = sink.sync();
        // Heard by who waits for it.
        synced.catch(() => undefined);
        this.#syncs.set(file, synced);
        return { ...sink.written, file };
      },
      abort: async () => {
        keep(file, null);
        await sink.abort();
      },
    };
  }

  /** A new file for an input on its way. */
  async inputSink(key: string, name: string): Promise<FileSink> {
    return FileSink.open(this.#own(`${key}-${name}.input`));
  }

  /** Removes this worker's files of an attempt or job, by what their names begin with. */
  async discard(prefix: string): Promise<void> {
    const files = [...this.#files].filter((file) => file.startsWith(prefix));
    for (const file of files) {
      this.#files.delete(file);
      this.#syncs.delete(file);
      this.#recent.forget(file);
    }
    await Promise.all(files.map(async (file) => unlink(this.path(file)).catch(unlessGone)));
  }

  /** The part of a checkpoint that this process can get at: links, and files on this disk. */
  async reachable(checkpoint: Checkpoint): Promise<Checkpoint> {
    const here = await Promise.all(
      checkpoint.spooled.map(async ({ file }) => exists(this.path(file, checkpoint.worker))),
    );
    return { ...checkpoint, spooled: checkpoint.spooled.filter((_, i) => here[i]) };
  }

  /** Resolves when these images of {@link imageSink} are durable, with their names: those are their folder's, not theirs. */
  async sync(files: readonly string[]): Promise<void> {
    const syncs = files.map(async (file) => this.#syncs.get(file));
    for (const file of files) this.#syncs.delete(file);
    await Promise.all([...syncs, this.#folder.sync()]);
  }

  /** Bytes of the files in this worker's folder. */
  async bytes(): Promise<number> {
    const folder = join(this.root, this.worker);
    const files = await readdir(folder);
    // What is removed meanwhile takes no room.
    const sizes = await Promise.all(files.map(async (file) => stat(join(folder, file)).catch(() => ({ size: 0 }))));
    return sizes.reduce((sum, { size }) => sum + size, 0);
  }

  /** Bytes that are free on its disk. */
  async free(): Promise<number> {
    const { bavail, bsize } = await statfs(this.root);
    return bavail * bsize;
  }

  /** True where the disk may not hold what calls in flight bring: then nothing more is bought. */
  async isFull(): Promise<boolean> {
    return (await this.free()) < leastFreeBytes;
  }

  /** Ends the journal, and removes the folder where nothing is left to resume. */
  async close(): Promise<void> {
    await this.journal.end();
    await this.#folder.close();
    if (this.journal.open.size === 0) await rm(join(this.root, this.worker), { recursive: true, force: true });
  }

  #own(file: string): string {
    this.#files.add(file);
    return this.path(file);
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

function unlessGone(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
