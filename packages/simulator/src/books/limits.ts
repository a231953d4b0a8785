import { rateLimited, seconds } from '../faults/refusals.js';
import type { Refusal } from '../requests/refusal.js';
import { SlidingWindow } from './sliding-window.js';

/** Limits of each API key. */
export interface Limits {
  /** Requests at the same time; default: any number. */
  readonly concurrency?: number;
  /** Admitted requests within any 60 seconds; default: any number. */
  readonly requestsPerMinute?: number;
  /** Images that admitted requests ask for within any 60 seconds; default: any number. */
  readonly imagesPerMinute?: number;
  /** Whether each model of a key has these limits for itself, as at OpenAI; default false. */
  readonly perModel?: boolean;
  /** Whether a 429 carries Retry-After; default true. Most relays send none. */
  readonly retryAfter?: boolean;
  /** Whether answers carry `x-ratelimit-*`; default true. */
  readonly headers?: boolean;
}

interface Account {
  running: number;
  requests: SlidingWindow;
  images: SlidingWindow;
}

/** A place at the provider, taken until it is given back. */
export interface Place {
  readonly headers: Readonly<Record<string, string>>;
  /** Gives it back; a second call does nothing. */
  release(): void;
}

export class Gate {
  readonly #limits: Limits;
  readonly #accounts = new Map<string, Account>();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** A place for a request, or the 429 that it gets instead. */
  admit(key: string | null, model: string, images: number, now: number): Place | Refusal {
    const account = this.#account(this.#limits.perModel ? `${key ?? ''} ${model}` : (key ?? ''));
    const refusal = this.#refusal(account, model, images, now);
    if (refusal) return refusal;
    account.running += 1;
    account.requests.add(now, 1);
    account.images.add(now, images);
    let taken = true;
    const release = (): void => {
      if (taken) account.running -= 1;
      taken = false;
    };
    return { headers: this.#headers(account, now), release };
  }

  /** Forgets the minute that was; requests at work keep their places. */
  reset(): void {
    for (const account of this.#accounts.values()) {
      account.requests = new SlidingWindow();
      account.images = new SlidingWindow();
    }
  }

  #account(key: string): Account {
    let account = this.#accounts.get(key);
    if (!account) {
      account = { running: 0, requests: new SlidingWindow(), images: new SlidingWindow() };
      this.#accounts.set(key, account);
    }
    return account;
  }

  #refusal(account: Account, model: string, images: number, now: number): Refusal | null {
    const { concurrency = Infinity, requestsPerMinute = Infinity, imagesPerMinute = Infinity } = this.#limits;
    const reached = (what: string, limit: number, used: number, requested: number): string =>
      `Rate limit reached for ${model} (for limit gpt-image) in organization org-simulator on ${what}: ` +
      `Limit ${limit}, Used ${used}, Requested ${requested}`;
    const refuse = (detail: string, type: string, retryAfterMs: number): Refusal => {
      const headers = this.#headers(account, now);
      return rateLimited({ detail, type, retryAfterMs, retryAfterHeader: this.#limits.retryAfter ?? true, headers });
    };
    if (account.running >= concurrency) {
      return refuse(reached('concurrent requests', concurrency, account.running, 1), 'requests', 1_000);
    }
    const forRequest = account.requests.waitFor(now, 1, requestsPerMinute);
    if (forRequest > 0) {
      const detail = reached('requests per min (RPM)', requestsPerMinute, account.requests.sum(now), 1);
      return refuse(detail, 'requests', forRequest);
    }
    const forImages = account.images.waitFor(now, images, imagesPerMinute);
    if (forImages === 0) return null;
    const detail = reached('input-images per min', imagesPerMinute, account.images.sum(now), images);
    return refuse(detail, 'input-images', forImages);
  }

  #headers(account: Account, now: number): Record<string, string> {
    if (this.#limits.headers === false) return {};
    const rows = [
      { name: 'requests', limit: this.#limits.requestsPerMinute, window: account.requests },
      { name: 'input-images', limit: this.#limits.imagesPerMinute, window: account.images },
    ];
    return Object.fromEntries(
      rows.flatMap(({ name, limit, window }) => {
        if (limit === undefined) return [];
        const remaining = Math.max(0, limit - window.sum(now));
        return [
          [`x-ratelimit-limit-${name}`, String(limit)],
          [`x-ratelimit-remaining-${name}`, String(remaining)],
          [`x-ratelimit-reset-${name}`, seconds(window.waitFor(now, limit, limit))],
        ];
      }),
    );
  }
}
