import { createHash } from 'node:crypto';
import { countsApart, type Account } from './accounts.js';
import type { Wanted } from './costs.js';
import type { Job } from './job.js';
import type { RoutingNeeds } from './needs.js';
import { requestFault } from './request-fault.js';
import { estimateAt, requireAccounts, splitOf } from './routing.js';

/** What decides between accounts that could serve a job; limits and health come first in any case. */
export const preferences = ['priority', 'cheapest'] as const;
export type Preference = (typeof preferences)[number];

/** An account and how early it is asked: those of the lowest rank first; of one rank they share by weight. */
export interface Ranked {
  readonly account: Account;
  readonly rank: number;
}

/**
 * Accounts (best first by priority, weight and id) in the order in which a request asks them: as they come, or those
 * first where exactly this is cheapest, unknown prices last.
 */
export function rankAccounts(eligible: readonly Account[], wanted: Wanted, prefer: Preference): Ranked[] {
  if (prefer === 'priority') return eligible.map((account) => ({ account, rank: account.priority }));
  const priced = eligible
    .map((account) => ({ account, cost: estimateAt(account, wanted) ?? Infinity }))
    .sort((a, b) => (a.cost === b.cost ? 0 : a.cost - b.cost));
  let rank = 0;
  return priced.map(({ account, cost }, i) => {
    const before = priced[i - 1];
    if (before && (before.cost !== cost || before.account.priority !== account.priority)) rank++;
    return { account, rank };
  });
}

/**
 * A routing class: jobs in it can be served by the same accounts in the same order, ask for the same number of images a
 * call, and count as the same model wherever models are counted apart.
 */
export interface RoutingClass {
  readonly id: string;
  readonly accounts: readonly string[];
  readonly images: number;
  /** Of each account, where the jobs order them by price; null: by the accounts' own priority. */
  readonly ranks: readonly number[] | null;
  /** Null where no account counts it apart. */
  readonly model: string | null;
}

/** The class of jobs that these accounts serve, `images` a call: its ready queue takes its id. */
export function routingClass(
  eligible: readonly Account[],
  wanted: Wanted,
  images: number,
  prefer: Preference,
): RoutingClass {
  const ranked = rankAccounts(eligible, wanted, prefer);
  const ranks = prefer === 'priority' ? null : ranked.map(({ rank }) => rank);
  const accounts = ranked.map(({ account }) => account.id);
  const model = eligible.some((account) => countsApart(account, wanted.model)) ? wanted.model : null;
  const members = accounts.map((id, i) => (ranks ? `${id}=${ranks[i]}` : id)).sort();
  const digest = createHash('sha256')
    .update([members.join(','), images, ...(model === null ? [] : [model])].join('|'))
    .digest('hex');
  return { id: digest.slice(0, 16), accounts, images, ranks, model };
}

/** The accounts of a class that are still configured, in its order. */
export function membersOf({ accounts, ranks }: RoutingClass, configured: ReadonlyMap<string, Account>): Ranked[] {
  return accounts.flatMap((id, i) => {
    const account = configured.get(id);
    return account ? [{ account, rank: ranks?.[i] ?? account.priority }] : [];
  });
}

/** What decides where a job goes. */
export type Routed = Wanted & Pick<Job, 'mode' | 'provider' | 'probe'> & { readonly mask: object | null };

export function needsOf({
  model,
  type: operation,
  mode,
  provider,
  request,
  inputs,
  mask,
  probe,
}: Routed): RoutingNeeds {
  const sent = { images: inputs.length, mask: mask !== null };
  return { model, operation, mode, provider, request, inputs: sent, ...(probe ? { probe: true } : {}) };
}

/**
 * True where a job may be made at an account by what is known now: what was found out since it was routed there may have
 * come between, and a request without what the account does not take would be another picture.
 */
export function takesJob(account: Account, job: Routed): boolean {
  // Asked again where it is bought: whatever a queue entry says, a test job is the simulator's.
  if (!account.modes.includes(job.mode)) return false;
  return job.probe !== undefined || requestFault(account, needsOf(job)) === null;
}

/** Where a job goes: the accounts that could serve it, best first, and the class whose ready queue it waits in. */
export function route(
  accounts: readonly Account[],
  job: Routed,
  prefer: Preference,
): { eligible: Account[]; routing: RoutingClass } {
  const needs = needsOf(job);
  const eligible = requireAccounts(accounts, needs);
  const routing = routingClass(eligible, job, splitOf(accounts, needs, job.request.n), prefer);
  return { eligible: rankAccounts(eligible, job, prefer).map(({ account }) => account), routing };
}
