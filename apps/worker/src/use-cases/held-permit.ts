import type { Permit } from '@rendermill/shared/adapters/redis/permits';
import type { AccountNews } from '@rendermill/shared/domain/account-news';
import type { Account } from '@rendermill/shared/domain/accounts';

/** A permit in hand, with the account it is for. Given back once, by whoever is first to know. */
export interface HeldPermit {
  readonly permit: Permit;
  readonly account: Account;
  /** The call is on its way. */
  readonly sent: () => void;
  /** The call was made, and told this about the account. */
  readonly report: (news: AccountNews) => Promise<void>;
  /** No call was made. */
  readonly release: () => Promise<void>;
}

/**
 * Asks for one more permit of a job's class, for another of its calls: `take` is called when there is one, before any
 * other job gets it. Answers how to withdraw the request.
 */
export type Lend = (take: (held: HeldPermit) => void) => () => void;
