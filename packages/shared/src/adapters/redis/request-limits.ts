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

  readonly #scripts: ScriptRunner;

  constructor(scripts: ScriptRunner) {
    this.#scripts = scripts;
    // Each key has a limit of its own: the library counts, and who asks compares.
    const common = { storeClient: scripts.client, points: Number.MAX_SAFE_INTEGER, duration: 60 };
    this.#requests = new RateLimiterRedis({ ...common, keyPrefix: scripts.key('requests') });
    this.#badKeys = new RateLimiterRedis({ ...common, keyPrefix: scripts.key('bad-keys') });
  }

  async countRequest(key: string): Promise<Counted> {
    const { consumedPoints, msBeforeNext } = await this.#requests.penalty(key, 1);
    return { count: consumedPoints, leftMs: msBeforeNext };
  }

  /** Images that the key has ordered in the present minute and has under way: counted as its jobs are written and end. */
  async images(key: string): Promise<{ readonly ordered: Counted; readonly underWay: number }> {
    const { client } = this.#scripts;
    const ordered = this.#scripts.key('api-key', key, 'ordered');
    const [count, leftMs, underWay] = await Promise.all([
      client.get(ordered),
      client.pttl(ordered),
      client.get(this.#scripts.key('api-key', key, 'under-way')),
    ]);
    const minute = { count: Number(count ?? 0), leftMs: leftMs < 0 ? 60_000 : leftMs };
    return { ordered: minute, underWay: Number(underWay ?? 0) };
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
