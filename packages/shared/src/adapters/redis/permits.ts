import type { AccountChange, AccountNews } from '../../domain/account-news.js';
import type { Account } from '../../domain/accounts.js';
import { newId } from '../../domain/ids.js';
import type { ScriptRunner } from './scripts.js';

/** The limits of every account, over all workers and machines: a permit is leave to make one call now. */

export interface Permit {
  readonly id: string;
  readonly account: string;
  readonly images: number;
  /** By Redis's clock, in milliseconds. */
  readonly takenAt: number;
  /** Whether its account has a limit by the minute, and is to be told when the call is sent. */
  readonly paced: boolean;
  /** Calls at the same time that the account is configured for. */
  readonly concurrency: number;
  /** What one request takes from the account's bucket, in milliseconds until it is filled again; 0: it has none. */
  readonly bucketShare: number;
  /** Days since the epoch and `yyyymm`, UTC: the counters in which it counts. */
  readonly day: number;
  readonly month: string;
}

/** Leases end by themselves after this long without renewal, so that a dead worker's permits come back. */
export const permitLeaseMs = 60_000;

/**
 * A provider stamps a request when it arrives, we when its last byte is on its way: with this margin on the window a slow
 * way, or a stall on it, cannot put one request too many into a minute. It costs 0.4 % of a limit that is used in full.
 */
const windowMarginMs = 250;

export class Permits {
  readonly #scripts: ScriptRunner;

  constructor(scripts: ScriptRunner) {
    this.#scripts = scripts;
  }

  /** A permit at the best of these accounts, or how long to wait: null means until one is given back. */
  async acquire(accounts: readonly Account[], images: number): Promise<Permit | { readonly waitMs: number | null }> {
    const id = newId('prm');
    const rows = accounts.flatMap(({ id: account, limits, priority, weight }) => [
      account,
      limits.concurrency,
      limits.requests_per_minute ?? 0,
      limits.images_per_minute ?? 0,
      limits.requests_per_day ?? 0,
      limits.images_per_month ?? 0,
      priority,
      weight,
      limits.burst ?? 0,
    ]);
    const answer = await this.#scripts.run('acquire-permit', id, images, permitLeaseMs, windowMarginMs, ...rows);
    const [account, dayOrWait, month, takenAt, paced] = answer as [string, number, string, number, number];
    const limits = accounts.find((one) => one.id === account)?.limits;
    if (limits) {
      const { concurrency, burst, requests_per_minute } = limits;
      const bucketShare = burst && requests_per_minute ? 60_000 / requests_per_minute : 0;
      return { id, account, images, takenAt, paced: paced === 1, concurrency, bucketShare, day: dayOrWait, month };
    }
    return { waitMs: dayOrWait < 0 ? null : dayOrWait };
  }

  /** Gives back a permit whose call was not made: it does not count. */
  async release({ id, account, images, day, month, bucketShare }: Permit): Promise<void> {
    await this.#scripts.run('release-permit', account, id, images, day, month, bucketShare);
  }

  /** Says that the call of a permit is on its way. Answers how many requests the log of the minute has by then. */
  async sent({ id, account, images, bucketShare }: Permit): Promise<number> {
    return Number(await this.#scripts.run('permit-sent', account, id, images, windowMarginMs, bucketShare));
  }

  /**
   * Gives back a permit whose call was made, with what it told about the account, and what {@link sent} answered. Answers
   * what that has changed.
   */
  async report(
    permit: Permit,
    { kind, reason, pauseMs, told }: AccountNews,
    logged: number | null = null,
  ): Promise<AccountChange | null> {
    const { id, account, takenAt, concurrency } = permit;
    const { perMinute, usedUpForMs } = told;
    const answer = await this.#scripts.run(
      'report-call',
      account,
      id,
      kind,
      Math.ceil(pauseMs),
      reason,
      takenAt,
      concurrency,
      perMinute,
      Math.ceil(usedUpForMs),
      logged ?? -1,
    );
    const [change, value] = answer as [AccountChange['kind'] | '', number];
    return change === '' ? null : { kind: change, value };
  }

  /**
   * Says that a permit's call is sent only now, after something that took a while. False where the permit is too old:
   * it must be given back, and another one waited for.
   */
  async stamp({ id, images }: Permit, { id: account, limits }: Account): Promise<boolean> {
    const { requests_per_minute, images_per_minute } = limits;
    const windows = [requests_per_minute ?? 0, images_per_minute ?? 0];
    return (await this.#scripts.run('stamp-permit', account, id, images, ...windows)) === 1;
  }

  async renew(permits: readonly Permit[]): Promise<void> {
    if (permits.length === 0) return;
    await this.#scripts.run('renew-permits', permitLeaseMs, ...permits.flatMap(({ account, id }) => [account, id]));
  }
}
