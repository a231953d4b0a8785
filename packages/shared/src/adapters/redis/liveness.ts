import type { ScriptRunner } from './scripts.js';

/**
 * Who lives. A worker renews its lease every few seconds; when the lease is gone and a grace has passed, its jobs
 * are taken over. Nobody pays again for a call that may still answer before that.
 */
export const leaseMs = 10_000;
export const renewEveryMs = 3_000;
/** A paused process may come back and finish what it has paid for. */
export const graceMs = 5_000;
/** How long a dead worker is remembered as such: longer than any process can be paused. */
const memoryMs = 30 * 86_400_000;
/** An API process that holds calls: short, for an SDK repeats a broken call within seconds. */
export const holderLeaseMs = 4_000;

export class Liveness {
  readonly #scripts: ScriptRunner;

  constructor(scripts: ScriptRunner) {
    this.#scripts = scripts;
  }

  /**
   * Renews this worker's lease; answers the workers that are dead and still hold jobs or are still listed. Null where
   * this worker was given up itself, after a pause that was too long: it must take no more work, and end.
   */
  async heartbeat(worker: string, info: Readonly<Record<string, unknown>>): Promise<string[] | null> {
    const args = [worker, JSON.stringify(info), leaseMs, graceMs, memoryMs];
    const [news, ...dead] = (await this.#scripts.run('heartbeat', ...args)) as string[];
    return news === 'lapsed' ? null : dead;
  }

  /** `silent`: its lease is gone, its grace is not. `unknown`: nobody has heard of it, or Redis has forgotten. */
  async standing(worker: string): Promise<'alive' | 'silent' | 'dead' | 'unknown'> {
    const { client } = this.#scripts;
    const [lease, mourned, last] = await Promise.all([
      client.exists(this.#scripts.key('worker', worker)),
      client.exists(this.#scripts.key('mourned', worker)),
      client.zscore(this.#scripts.key('workers'), worker),
    ]);
    if (mourned === 1) return 'dead';
    if (lease === 1) return 'alive';
    return last === null ? 'unknown' : 'silent';
  }

  /** When a worker was given up, in milliseconds since the epoch; null where it was not. */
  async deadSince(worker: string): Promise<number | null> {
    const at = await this.#scripts.client.get(this.#scripts.key('mourned', worker));
    return at === null ? null : Number(at);
  }

  /** Gives a worker without a lease up for good. False where it lives. */
  async giveUp(worker: string): Promise<boolean> {
    return (await this.#scripts.run('mourn-worker', worker, memoryMs)) === 1;
  }

  /** Jobs that a worker holds. */
  async held(worker: string): Promise<string[]> {
    return this.#scripts.client.smembers(this.#scripts.key('held', worker));
  }

  /** Forgets a worker that holds nothing. True where it is forgotten. */
  async bury(worker: string): Promise<boolean> {
    return (await this.#scripts.run('bury-worker', worker)) === 0;
  }

  /** Ends this worker's lease at once: a clean end needs no grace. */
  async leave(worker: string): Promise<void> {
    await this.#scripts.client.del(this.#scripts.key('worker', worker));
    await this.giveUp(worker);
    await this.bury(worker);
  }

  /** Claims something for a while (a dead worker's spool, the sweeper's round). True for one caller at a time. */
  async lend(name: string, to: string, ms: number): Promise<boolean> {
    return (await this.#scripts.client.set(this.#scripts.key('loan', name), to, 'PX', ms, 'NX')) === 'OK';
  }

  /** Renews an API process's lease on the calls that it holds. */
  async holderBeat(holder: string): Promise<void> {
    await this.#scripts.client.set(this.#scripts.key('api', holder), '1', 'PX', holderLeaseMs);
  }

  /** True while an API process renews its lease. */
  async holderAlive(holder: string): Promise<boolean> {
    return (await this.#scripts.client.exists(this.#scripts.key('api', holder))) === 1;
  }

  /** Its held calls may be claimed at once. */
  async holderLeave(holder: string): Promise<void> {
    await this.#scripts.client.del(this.#scripts.key('api', holder));
  }
}
