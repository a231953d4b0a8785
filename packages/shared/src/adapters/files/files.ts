import { fileMetadata, type FileRecord } from '../../domain/files.js';
import { fileKey } from '../../domain/object-keys.js';
import type { ReadObject, Storage } from '../../ports/storage.js';
import { FileSink, type WrittenFile } from '../../streams/file-sink.js';
import type { FileEnd, FileStore } from '../redis/file-store.js';
import type { Repeat } from '../redis/job-store.js';
import { contentTypeOf } from '../storage/content-types.js';

/** No upload to the store takes as long: bytes that have no record by then were left by a crash. */
const expectMs = 24 * 3_600_000;

type NewFile = Omit<FileRecord, 'key' | 'bytes'>;

/** Files with their bytes: records in Redis, bytes in the store, and never one without the other for long. */
export class Files {
  readonly #store: FileStore;
  readonly #storage: Storage;
  /** Told of bytes that could not be removed now: a later sweep does. */
  readonly #onLeft: (error: unknown, key: string) => void;

  constructor(store: FileStore, storage: Storage, onLeft: (error: unknown, key: string) => void) {
    this.#store = store;
    this.#storage = storage;
    this.#onLeft = onLeft;
  }

  /**
   * Stores a local file and makes its record, or finds the one that the Idempotency-Key made. A crash in between leaves
   * bytes that the sweep removes. What lies in the store already needs its record only: {@link FileStore.save}.
   */
  async create(
    file: NewFile,
    source: WrittenFile,
    repeat: Pick<Repeat, 'key' | 'fingerprint'>,
  ): Promise<{ how: 'saved' | 'existing' | 'conflict'; id: string }> {
    const key = fileKey(file.project, file.id);
    await this.#store.expect({ id: file.id, key }, file.created_at + expectMs);
    try {
      await this.#storage.putOnce(key, source.path, {
        contentType: contentTypeOf(file.filename.toLowerCase()) ?? 'application/octet-stream',
        bytes: source.bytes,
        sha256: source.sha256,
        metadata: fileMetadata(file),
      });
    } catch (error) {
      await this.#discard({ id: file.id, key });
      throw error;
    }
    const saved = await this.#store.save({ ...file, key, bytes: source.bytes }, repeat);
    if (saved.how !== 'saved') await this.#discard({ id: file.id, key });
    return saved;
  }

  /** Its bytes, or a part of them; null where they are gone. The range is inclusive. */
  async open(file: FileRecord, range?: { readonly start: number; readonly end: number }): Promise<ReadObject | null> {
    return this.#storage.get(file.key, range);
  }

  /** Copies its bytes into a new local file; null where they are gone. */
  async copyTo(file: FileRecord, path: string): Promise<WrittenFile | null> {
    const object = await this.#storage.get(file.key);
    if (!object) return null;
    const sink = await FileSink.open(path);
    try {
      for await (const chunk of object.body as AsyncIterable<Buffer>) await sink.write(chunk);
    } catch (error) {
      await sink.abort();
      throw error;
    }
    return sink.end();
  }

  /** Ends a file and removes its bytes. False where it was gone already. */
  async remove(file: FileRecord): Promise<boolean> {
    const was = await this.#store.drop(file);
    await this.#erase(file);
    return was;
  }

  /** Removes what has expired, what a crash left, and what could not be removed before; answers how many. */
  async sweep(): Promise<number> {
    let removed = 0;
    for (;;) {
      const due = await this.#store.due(100);
      const done = await Promise.all(due.map(async (end) => this.#discard(end)));
      const erased = done.filter(Boolean).length;
      removed += erased;
      // Those that are left would be found again at once.
      if (due.length < 100 || erased < due.length) return removed;
    }
  }

  async #discard(end: FileEnd): Promise<boolean> {
    try {
      await this.#store.drop(end);
    } catch (error) {
      this.#onLeft(error, end.key);
      return false;
    }
    return this.#erase(end);
  }

  async #erase(end: FileEnd): Promise<boolean> {
    try {
      await this.#storage.delete(end.key);
      await this.#store.removed(end);
      return true;
    } catch (error) {
      this.#onLeft(error, end.key);
      return false;
    }
  }
}
