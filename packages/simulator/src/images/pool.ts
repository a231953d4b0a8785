import { createHash, type Hash } from 'node:crypto';
import { formatSize, type Size } from '../catalogue/sizes.js';
import type { MadeImage } from './made-image.js';
import { noisePngWithoutEnd } from './noise-png.js';
import { pngChunk } from './png-chunks.js';

/**
 * Images for benchmarks: noise of a given length, drawn and encoded once for each size in pixels, and yet distinct
 * in every answer by a text chunk just before their end. What is constant is hashed and turned into base64 once,
 * so that an answer costs a hundred bytes of work whatever its length.
 */

interface Prepared {
  readonly bytes: Buffer;
  readonly base64: Buffer;
  /** State of the hash after the constant part; only ever copied. */
  readonly hash: Hash;
}

const end = pngChunk('IEND', Buffer.alloc(0));

/** Always as long, so that the constant part is too. */
function distinctEnd(label: string): Buffer {
  const text = Buffer.from(`Comment\0${label}`.padEnd(72, ' ').slice(0, 72), 'latin1');
  return Buffer.concat([pngChunk('tEXt', text), end]);
}

const endBytes = distinctEnd('').length;

function prepare(size: Size, bytes: number): Prepared {
  // A multiple of three, so that the base64 of the end can follow it.
  const constant = Math.max(0, bytes - endBytes);
  const picture = noisePngWithoutEnd(size, constant - (constant % 3));
  return {
    bytes: picture,
    base64: Buffer.from(picture.toString('base64'), 'latin1'),
    hash: createHash('sha256').update(picture),
  };
}

export class Pool {
  readonly #bytes: number;
  readonly #prepared = new Map<string, Prepared>();

  /** `bytes`: length of each image; at most two fewer are sent, and more only where the pixels need more. */
  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  image(size: Size, label: string): MadeImage {
    const key = formatSize(size);
    let prepared = this.#prepared.get(key);
    if (!prepared) {
      prepared = prepare(size, this.#bytes);
      this.#prepared.set(key, prepared);
    }
    const { bytes, base64, hash } = prepared;
    const last = distinctEnd(label);
    return {
      format: 'png',
      bytes: bytes.length + last.length,
      sha256: hash.copy().update(last).digest('hex'),
      parts: [bytes, last],
      base64: () => [base64, Buffer.from(last.toString('base64'), 'latin1')],
    };
  }
}
