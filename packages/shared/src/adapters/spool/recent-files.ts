import type { Reserve } from '../../streams/file-sink.js';

/**
 * The bytes of small files that were just written, so that they need not be read back. Bounded; to forget them is free.
 */
const maxFileBytes = 2 * 1024 * 1024;
const maxBytes = 16 * 1024 * 1024;

export interface Room {
  readonly reserve: Reserve;
  /** Keeps a file's bytes under its name, or gives the room back where there are none. */
  readonly keep: (name: string, bytes: Buffer | null) => void;
}

export class RecentFiles {
  readonly #files = new Map<string, Buffer>();
  #bytes = 0;

  /** Room for one file. */
  room(): Room {
    let reserved = 0;
    return {
      reserve: (bytes) => {
        if (reserved + bytes > maxFileBytes || this.#bytes + bytes > maxBytes) return false;
        reserved += bytes;
        this.#bytes += bytes;
        return true;
      },
      keep: (name, bytes) => {
        this.#bytes += (bytes?.length ?? 0) - reserved;
        reserved = 0;
        if (bytes) this.#files.set(name, bytes);
      },
    };
  }

  get(name: string): Buffer | null {
    return this.#files.get(name) ?? null;
  }

  forget(name: string): void {
    this.#bytes -= this.#files.get(name)?.length ?? 0;
    this.#files.delete(name);
  }
}
