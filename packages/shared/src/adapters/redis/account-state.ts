import type { Book } from './books.js';
import type { ScriptRunner } from './scripts.js';

/** How an account stands for all workers, by what its answers told. Times in milliseconds since the epoch. */
export interface AccountState {
  /** It said itself that it serves nobody; once `until` has passed, one call at a time tries whether it still does. */
  readonly parked: { readonly reason: string; readonly since: number; readonly until: number } | null;
  /** `open`: it failed too often and gets no call; `half_open`: one call at a time tries it. */
  readonly circuit: 'closed' | 'open' | 'half_open';
  /** Calls at the same time that it is given now: as configured, or as few as it has taught. */
  readonly concurrency: number;
  /** Requests a minute that it is given now, or null where neither configuration nor answers limit them. */
  readonly requestsPerMinute: number | null;
  /** For how long it gets no call because it asked for a pause, in milliseconds; 0: it does not. */
  readonly coolDownMs: number;
}

/** Of an account's book, or of a model's at it. */
export async function accountState(scripts: ScriptRunner, { name, limits }: Book): Promise<AccountState> {
  const answer = await scripts.run('read-account', name, limits.concurrency, limits.requests_per_minute ?? 0);
  const [reason, since, until, opened, concurrency, requests, coolDownMs, now] = answer as [
    ...[string, string, string, string],
    ...[number, number, number, number],
  ];
  return {
    parked: until === '' ? null : { reason, since: Number(since), until: Number(until) },
    circuit: opened === '' ? 'closed' : Number(opened) > now ? 'open' : 'half_open',
    concurrency,
    requestsPerMinute: requests || null,
    coolDownMs,
  };
}
