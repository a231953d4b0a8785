import type { AccountFault } from '../../domain/attempts.js';
import type { Book } from './books.js';
import { pairs } from './job-codec.js';
import type { ScriptRunner } from './scripts.js';

/** How an account, or a model at it, is used, over all workers and machines; how it stands is told by `account-state.ts`. */
export interface AccountUse {
  /** Permits that are out. */
  readonly calls: number;
  /** Counted only where there is such a limit; else 0. */
  readonly requestsLastMinute: number;
  readonly imagesLastMinute: number;
  readonly requestsToday: number;
  readonly imagesThisMonth: number;
  readonly lastFault: AccountFault | null;
  readonly spentToday: { readonly billed: Spend; readonly unknown: Spend };
}

/** Of attempts that began today, UTC. */
export interface Spend {
  /** Micro-dollars; null where attempts were bought and no price is known. */
  readonly cost: number | null;
  /** Attempts without a known price. */
  readonly unpriced: number;
}

export class AccountBooks {
  readonly #scripts: ScriptRunner;

  constructor(scripts: ScriptRunner) {
    this.#scripts = scripts;
  }

  async read({ name }: Book): Promise<AccountUse> {
    const answer = (await this.#scripts.run('read-account-books', name)) as [...number[], string, string[]];
    const [calls, requestsLastMinute, imagesLastMinute, requestsToday, imagesThisMonth] = answer as number[];
    const [fault, spent] = answer.slice(-2) as [string, string[]];
    const fields = pairs(spent);
    const spend = (outcome: string): Spend => {
      const unpriced = Number(fields[`${outcome}_unpriced`] ?? 0);
      const cost = fields[outcome];
      return { cost: cost === undefined && unpriced > 0 ? null : Number(cost ?? 0), unpriced };
    };
    return {
      calls: calls ?? 0,
      requestsLastMinute: requestsLastMinute ?? 0,
      imagesLastMinute: imagesLastMinute ?? 0,
      requestsToday: requestsToday ?? 0,
      imagesThisMonth: imagesThisMonth ?? 0,
      lastFault: fault === '' ? null : (JSON.parse(fault) as AccountFault),
      spentToday: { billed: spend('billed'), unknown: spend('unknown') },
    };
  }
}
