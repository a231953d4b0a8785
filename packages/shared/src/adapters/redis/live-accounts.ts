import type { Account } from '../../domain/accounts.js';
import { usable } from '../../domain/profile.js';
import type { Profiles } from './profiles.js';
import type { Signals } from './signals.js';

/**
 * The configured accounts, each with what is known of it now. Whoever has a profile read through here acts on it from
 * then on; others hear of a change by a message, and find what they missed within half a minute.
 */
export class LiveAccounts {
  /** In the order of the configuration; its elements are replaced when something was found out. */
  readonly list: Account[];
  readonly byId: Map<string, Account>;
  readonly #profiles: Profiles;

  constructor(configured: readonly Account[], profiles: Profiles) {
    this.list = [...configured];
    this.byId = new Map(configured.map((account) => [account.id, account]));
    this.#profiles = profiles;
  }

  /** Learns of every account. Answers those of which nothing is known any more, though something was. */
  async refresh(): Promise<string[]> {
    const forgotten: string[] = [];
    for (const { id, findings } of this.list) {
      await this.read(id);
      const now = this.byId.get(id)?.findings ?? {};
      if (Object.keys(now).length === 0 && Object.keys(findings).length > 0) forgotten.push(id);
    }
    return forgotten;
  }

  /** The profile of an account as it is shown, which from now on is used. */
  async read(id: string) {
    const profile = await this.#profiles.read(id);
    const account = this.byId.get(id);
    if (account) {
      const fresh = { ...account, findings: usable(profile.findings, account, Date.now()) };
      this.list[this.list.findIndex((one) => one.id === id)] = fresh;
      this.byId.set(id, fresh);
    }
    return profile;
  }

  async follow(signals: Signals, onError: (error: unknown) => void): Promise<void> {
    await signals.listen('profile', (id) => void this.read(id).catch(onError));
  }
}
