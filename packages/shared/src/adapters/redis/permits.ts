import type { AccountChange, AccountNews } from '../../domain/account-news.js';
import { countsApart } from '../../domain/accounts.js';
import { newId } from '../../domain/ids.js';
import type { Limits } from '../../domain/presets/preset.js';
import type { Ranked } from '../../domain/routing-class.js';
import { booksOf, type Book } from './books.js';
import type { ScriptRunner } from './scripts.js';

/** The limits of every account, over all workers and machines: a permit is leave to make one call now. */

export interface Permit {
  readonly id: string;
  readonly account: string;
  readonly images: number;
  /** By Redis's clock, in milliseconds. */
  readonly takenAt: number;
  /** Whether one of its books has a limit by the minute, and is to be told when the call is sent. */
  readonly paced: boolean;
  /** In which it counts: the account's, and its model's where that is counted apart. */
  readonly books: readonly Book[];
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

  /**
   * A permit at the best of these accounts for a call of a model (null: one that none of them counts apart), or how long
   * to wait: null means until one is given back.
   */
  async acquire(
    ranked: readonly Ranked[],
    images: number,
    model: string | null,
  ): Promise<Permit | { readonly waitMs: number | null }> {
    const id = newId('prm');
    const rows = ranked.flatMap(({ account, rank }) => {
      const [own, apart] = booksOf(account, model);
      const limits = [limitsOf(own?.limits), limitsOf(apart?.limits)].flat();
      return [account.id, model !== null && countsApart(account, model) ? model : '', rank, account.weight, ...limits];
    });
    const answer = await this.#scripts.run('acquire-permit', id, images, permitLeaseMs, windowMarginMs, ...rows);
    const [given, dayOrWait, month, takenAt, paced] = answer as [string, number, string, number, number];
    const account = ranked.find((one) => one.account.id === given)?.account;
    if (!account) return { waitMs: dayOrWait < 0 ? null : dayOrWait };
    const books = booksOf(account, model);
    return { id, account: given, images, takenAt, paced: paced === 1, books, day: dayOrWait, month };
  }

  /** Gives back a permit whose call was not made: it does not count. */
  async release({ id, images, day, month, books }: Permit): Promise<void> {
    const rows = books.flatMap(({ name, limits }) => [name, bucketShare(limits)]);
    await this.#scripts.run('release-permit', id, images, day, month, ...rows);
  }

  /** Says that the call of a permit is on its way. Answers how many requests the log of the minute of each book has by then. */
  async sent({ id, images, books }: Permit): Promise<number[]> {
    const rows = books.flatMap(({ name, limits }) => [name, bucketShare(limits)]);
    return (await this.#scripts.run('permit-sent', id, images, windowMarginMs, ...rows)) as number[];
  }

  /**
   * Gives back a permit whose call was made, with what it told about the account, and what {@link sent} answered. Answers
   * what that has changed.
   */
  async report(
    permit: Permit,
    { kind, reason, pauseMs, about, told }: AccountNews,
    logged: readonly number[] = [],
  ): Promise<AccountChange | null> {
    const { id, takenAt, books } = permit;
    // What is about a model that has no book here is taken for the account's.
    const bookOf = (whose: AccountNews['about']): number => (whose === 'model' ? books.length : 1);
    const answer = await this.#scripts.run(
      'report-call',
      id,
      kind,
      Math.ceil(pauseMs),
      reason,
      takenAt,
      bookOf(about),
      told.perMinute,
      Math.ceil(told.usedUpForMs),
      bookOf(told.about),
      logged[bookOf(told.about) - 1] ?? -1,
      ...books.flatMap(({ name, limits }) => [name, limits.concurrency]),
    );
    const [change, value, book] = answer as [AccountChange['kind'] | '', number, number];
    return change === '' ? null : { kind: change, value, about: book === 1 ? 'account' : 'model' };
  }

  /**
   * Says that a permit's call is sent only now, after something that took a while. False where the permit is too old:
   * it must be given back, and another one waited for.
   */
  async stamp({ id, images, books }: Permit): Promise<boolean> {
    const rows = books.flatMap(({ name, limits }) => [
      name,
      limits.requests_per_minute ?? 0,
      limits.images_per_minute ?? 0,
    ]);
    return (await this.#scripts.run('stamp-permit', id, images, ...rows)) === 1;
  }

  async renew(permits: readonly Permit[]): Promise<void> {
    if (permits.length === 0) return;
    const rows = permits.flatMap(({ books, id }) => books.flatMap(({ name }) => [name, id]));
    await this.#scripts.run('renew-permits', permitLeaseMs, ...rows);
  }
}

/** As the script takes them; none at all where there is no such book. */
function limitsOf(limits: Limits | undefined): number[] {
  if (!limits) return [0, 0, 0, 0, 0, 0];
  const { concurrency, requests_per_minute, images_per_minute, requests_per_day, images_per_month, burst } = limits;
  return [
    concurrency,
    ...[requests_per_minute, images_per_minute, requests_per_day, images_per_month, burst].map((limit) => limit ?? 0),
  ];
}

/** What one request takes from a bucket, in milliseconds until it is filled again; 0: there is none. */
function bucketShare({ burst, requests_per_minute }: Limits): number {
  return burst && requests_per_minute ? 60_000 / requests_per_minute : 0;
}
