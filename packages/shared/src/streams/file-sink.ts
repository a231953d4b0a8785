import { createHash } from 'node:crypto';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import type { BlobSink } from './json-blobs.js';

/** A file that was written whole and synced. */
export interface WrittenFile {
  readonly path: string;
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** Writes go to disk in pieces of this size: a write per network chunk costs more than the bytes do. */
const batchBytes = 256 * 1024;

/** A new file, hashed as it is written, synced to disk when it ends. */
export class FileSink implements BlobSink<WrittenFile> {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #hash = createHash('sha256');
  #batch: Buffer[] = [];
  #batched = 0;
  #bytes = 0;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  /** The file must not exist: names in a spool are used once. */
  static async open(path: string): Promise<FileSink> {
    return new FileSink(path, await open(path, 'wx', 0o600));
  }

  async write(bytes: Buffer): Promise<void> {
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
    this.#batch.push(bytes);
    this.#batched += bytes.length;
    if (this.#batched >= batchBytes) await this.#flush();
  }

  async end(): Promise<WrittenFile> {
    await this.#flush();
    await this.#file.datasync();
    await this.#file.close();
    return { path: this.#path, bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }

  async abort(): Promise<void> {
    await this.#file.close();
    await unlink(this.#path);
  }

  async #flush(): Promise<void> {
    if (this.#batch.length === 0) return;
    const batch = this.#batch;
    this.#batch = [];
    this.#batched = 0;
    // Unlike write and writev, appendFile goes on until every byte is written.
    await this.#file.appendFile(Buffer.concat(batch));
  }
}
