import type { FileHandle } from 'node:fs/promises';

const windowBytes = 256 * 1024;

/** A file that is read from front to back in small looks, a quarter of a megabyte at a time. */
export class FileWindow {
  readonly size: number;
  readonly #file: FileHandle;
  readonly #buffer = Buffer.allocUnsafe(windowBytes);
  #from = 0;
  #held = 0;

  constructor(file: FileHandle, size: number) {
    this.#file = file;
    this.size = size;
  }

  /** The bytes at this place: `wanted` of them or, where there are more at hand, up to the window's end; fewer at the file's. */
  async at(place: number, wanted: number): Promise<Buffer> {
    const within = place - this.#from;
    if (within < 0 || within + wanted > this.#held) {
      this.#from = place;
      this.#held = 0;
      while (this.#held < windowBytes) {
        const room = windowBytes - this.#held;
        const { bytesRead } = await this.#file.read(this.#buffer, this.#held, room, place + this.#held);
        if (bytesRead === 0) break;
        this.#held += bytesRead;
      }
    }
    return this.#buffer.subarray(place - this.#from, this.#held);
  }
}
