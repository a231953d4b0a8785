import type { FileWindow } from './file-window.js';

/** Bytes of the file from here to before there, or bytes that take the place of some. */
export type Part = { readonly bytes: Buffer } | { readonly from: number; readonly to: number };

export interface PictureParts {
  readonly parts: readonly Part[];
  /** There is nothing else in the file. */
  readonly whole: boolean;
}

/** More parts than any encoder writes: such a file is made to keep its reader busy. */
export const maxParts = 50_000;

/** What is kept of a file, neighbours joined. */
export class KeptParts {
  readonly parts: Part[] = [];
  readonly #file: FileWindow;

  constructor(file: FileWindow) {
    this.#file = file;
  }

  range(from: number, to: number): void {
    const last = this.parts.at(-1);
    if (last && 'to' in last && last.to === from) this.parts[this.parts.length - 1] = { from: last.from, to };
    else this.parts.push({ from, to });
  }

  /** These bytes at this place; true where they are there already. */
  async put(at: number, bytes: Buffer): Promise<boolean> {
    const there = (await this.#file.at(at, bytes.length)).subarray(0, bytes.length).equals(bytes);
    if (there) this.range(at, at + bytes.length);
    else this.parts.push({ bytes });
    return there;
  }

  add(parts: readonly Part[]): void {
    for (const part of parts) {
      if ('to' in part) this.range(part.from, part.to);
      else this.parts.push(part);
    }
  }

  end(): PictureParts {
    const [first] = this.parts;
    const all = first && 'to' in first && first.from === 0 && first.to === this.#file.size;
    return { parts: this.parts, whole: all === true };
  }
}
