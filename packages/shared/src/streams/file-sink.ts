import { createHash } from 'node:crypto';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import type { BlobSink } from './json-blobs.js';

/** A file that was written whole. */
export interface WrittenFile {
  readonly path: string;
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** Writes go to disk in pieces of this size: a write per network chunk costs more than the bytes do. */
const blockBytes = 256 * 1024;

/** Leave to hold so many more bytes in memory; false where there is no room. */
export type Reserve = (bytes: number) => boolean;

/** A new file, hashed as it arrives. */
export class FileSink implements BlobSink<WrittenFile> {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #hash = createHash('sha256');
  readonly #reserve: Reserve;
  /** What was written so far; null once the file is larger than there is room for. */
  #held: Buffer[] | null = [];
  #block = Buffer.allocUnsafeSlow(blockBytes);
  #filled = 0;
  #bytes = 0;

  private constructor(path: string, file: FileHandle, reserve: Reserve) {
    this.#path = path;
    this.#file = file;
    this.#reserve = reserve;
  }

  /**
   * The file must not exist: names in a spool are used once. As long as `reserve` agrees the bytes are held in memory
   * too; each call to it is for one more block.
   */
  static async open(path: string, reserve: Reserve = () => false): Promise<FileSink> {
    return new FileSink(path, await open(path, 'wx', 0o600), reserve);
  }

  async write(bytes: Buffer): Promise<void> {
    let at = 0;
    while (at < bytes.length) {
      const taken = bytes.copy(this.#block, this.#filled, at);
      this.#filled += taken;
      at += taken;
      if (this.#filled === blockBytes) await this.#nextBlock();
    }
  }

  async end(): Promise<WrittenFile> {
    await this.finish();
    await this.#file.close();
    return this.written;
  }

  /** Writes the last of it; answers its bytes where they were held to the end. {@link sync} follows. */
  async finish(): Promise<Buffer | null> {
    const rest = this.#block.subarray(0, this.#filled);
    await this.#append(rest);
    return this.#held && Buffer.concat([...this.#held, rest]);
  }

  /** Closes a finished file as soon as it is durable. */
  async sync(): Promise<void> {
    try {
      await this.#file.datasync();
    } finally {
      await this.#file.close();
    }
  }

  /** What was written; once, after the end. */
  get written(): WrittenFile {
    return { path: this.#path, bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }

  async abort(): Promise<void> {
    await this.#file.close();
    await unlink(this.#path);
  }

  async #nextBlock(): Promise<void> {
    await this.#append(this.#block);
    this.#filled = 0;
    if (this.#held && this.#reserve(blockBytes)) {
      this.#held.push(this.#block);
      this.#block = Buffer.allocUnsafeSlow(blockBytes);
      return;
    }
    // From here on one block is used again and again: what passes through leaves no garbage behind.
    this.#held = null;
  }

  async #append(bytes: Buffer): Promise<void> {
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
    // Unlike write, appendFile goes on until every byte is written.
    await this.#file.appendFile(bytes);
  }
}
