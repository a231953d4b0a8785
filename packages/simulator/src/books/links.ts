import { randomBytes } from 'node:crypto';
import type { MadeImage } from '../images/made-image.js';

/** Result links: what a CDN would keep for a while. */

/** What is wrong with a link, for how many fetches. */
export interface LinkFault {
  readonly kind: 'link_not_found' | 'link_cut';
  readonly afterBytes: number;
  fetchesLeft: number;
}

interface Result {
  readonly image: MadeImage;
  readonly fault: LinkFault | null;
}

/** What a fetch of a link finds. */
export type Found =
  { readonly kind: 'expired' } | { readonly kind: 'unknown' } | { readonly kind: 'image'; readonly result: Result };

export class Links {
  readonly #ttlMs: number;
  readonly #mostBytes: number;
  readonly #results = new Map<string, Result>();
  #bytes = 0;

  /** Beyond `mostBytes` the oldest results go first: a simulator that runs for weeks must not fill the memory. */
  constructor(ttlMs: number, mostBytes: number) {
    this.#ttlMs = ttlMs;
    this.#mostBytes = mostBytes;
  }

  /** Keeps an image; the path and query of its link. */
  keep(image: MadeImage, fault: LinkFault | null, ttlMs = this.#ttlMs): string {
    // The name tells the expiry, so that a link is known to be expired long after its image was dropped.
    const expires = Date.now() + ttlMs;
    const id = `${randomBytes(12).toString('hex')}-${expires.toString(36)}`;
    this.#results.set(id, { image, fault });
    this.#bytes += image.bytes;
    this.#drop(Date.now());
    // As OpenAI's own links do, it says in `se` when it ends.
    const end = new Date(expires).toISOString();
    return `/results/${id}.${image.format === 'jpeg' ? 'jpg' : image.format}?se=${encodeURIComponent(end)}`;
  }

  find(path: string): Found {
    const match = /^\/results\/([0-9a-f]{24}-([0-9a-z]{1,10}))\.(?:png|jpg|webp)$/.exec(path);
    if (!match?.[1] || !match[2]) return { kind: 'unknown' };
    if (Number.parseInt(match[2], 36) <= Date.now()) return { kind: 'expired' };
    const result = this.#results.get(match[1]);
    return result ? { kind: 'image', result } : { kind: 'unknown' };
  }

  reset(): void {
    this.#results.clear();
    this.#bytes = 0;
  }

  #drop(now: number): void {
    for (const [id, { image }] of this.#results) {
      const expired = Number.parseInt(id.slice(25), 36) <= now;
      if (!expired && this.#bytes <= this.#mostBytes) break;
      this.#results.delete(id);
      this.#bytes -= image.bytes;
    }
  }
}
