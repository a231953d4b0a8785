import { RateLimiterRedis } from 'rate-limiter-flexible';
import type { ScriptRunner } from './scripts.js';

/** What was counted in the present window. */
export interface Counted {
  readonly count: number;
  /** Until the window ends. */
  readonly leftMs: number;
}

/** Counts in windows of a minute, over all processes: requests by key, bad keys by address. */
export class RequestLimits {
  readonly #requests: RateLimiterRedis;
  readonly #badKeys: RateLimiterRedis;

  constructor(scripts: ScriptRunner) {
    // Each key has a limit of its own: the library counts, and who asks compares.
    const common = { storeClient: scripts.client, points: Number.MAX_SAFE_INTEGER, duration: 60 };
    this.#requests = new RateLimiterRedis({ ...common, keyPrefix: scripts.key('requests') });
    this.#badKeys = new RateLimiterRedis({ ...common, keyPrefix: scripts.key('bad-keys') });
  }

  async countRequest(key: string): Promise<Counted> {
    const { consumedPoints, msBeforeNext } = await this.#requests.penalty(key, 1);
    return { count: consumedPoints, leftMs: msBeforeNext };
  }

  async countBadKey(address: string): Promise<Counted> {
    const { consumedPoints, msBeforeNext } = await this.#badKeys.penalty(address, 1);
    return { count: consumedPoints, leftMs: msBeforeNext };
  }

  async badKeys(address: string): Promise<Counted> {
    const found = await this.#badKeys.get(address);
    return { count: found?.consumedPoints ?? 0, leftMs: found?.msBeforeNext ?? 0 };
  }
}
