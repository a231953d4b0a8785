import type { Account } from './accounts.js';
import type { Attempt } from './attempts.js';
import { maxTries } from './backoff.js';
import { errorBodyOf, type ErrorBody } from './errors.js';
import type { Job } from './job.js';
import { requestFault } from './request-fault.js';
import { eligibleAccounts, splitOf } from './routing.js';
import { needsOf, routingClass, type Preference, type Routed, type RoutingClass } from './routing-class.js';
import type { Verdict } from './verdicts.js';

/**
 * Where a job goes on after an account has refused it. Only what surely cost nothing is a refusal: what may have been
 * billed is bought again under the cap on paid attempts, wherever a permit comes from. The job's own attempts are the
 * memory: a user's retry begins a new generation, and asks everybody again.
 */

/**
 * So many tries an account gets where others could serve the job. With more, a job whose waits grow in step with those
 * of a broken account's circuit is the one that tries it every time, beside an account that works: seen, half a minute.
 */
const triesBesideOthers = 2;

/**
 * True where an attempt that cost nothing says that the account, not the job, is at fault. `tries`: those before it;
 * `others`: whether other accounts are left that could serve the job.
 */
export function refuses({ outcome, next }: Verdict, tries: number, others: boolean): boolean {
  if (outcome !== 'rejected' && outcome !== 'not_sent') return false;
  const most = others ? triesBesideOthers : maxTries;
  return next === 'park' || next === 'elsewhere' || (next === 'retry' && tries + 1 >= most);
}

function refusals({ attempts, generation }: Pick<Job, 'attempts' | 'generation'>): Attempt[] {
  return attempts.filter((attempt) => attempt.generation === generation && attempt.settlement?.refused === true);
}

/** True where this account has refused the job. */
export function hasRefused(account: string, job: Pick<Job, 'attempts' | 'generation'>): boolean {
  return refusals(job).some(({ provider }) => provider === account);
}

type Tried = Routed & Pick<Job, 'attempts' | 'generation'>;

/** True where an account other than this one could serve the job and has not refused it. */
export function hasOthers(accounts: readonly Account[], job: Tried, account: string): boolean {
  return eligibleAccounts(accounts, needsOf(job)).some(({ id }) => id !== account && !hasRefused(id, job));
}

/**
 * The routing class of the accounts that a job has left, or what it fails with where none is: the last refusal. The
 * images per call stay those of all that could serve it, for the cap counts by planned call.
 */
export function routeOn(accounts: readonly Account[], job: Tried, prefer: Preference): RoutingClass | ErrorBody {
  const { model, request } = job;
  const needs = needsOf(job);
  const eligible = eligibleAccounts(accounts, needs);
  const gone = errorBodyOf('no_provider_for_model', `No configured provider account offers '${model}' any more.`);
  // Nobody takes it any more: what it was refused with, or what was found out meanwhile.
  if (eligible.length === 0) return refusals(job).at(-1)?.settlement?.error ?? notTakenBy(accounts, job) ?? gone;
  const left = eligible.filter(({ id }) => !hasRefused(id, job));
  if (left.length === 0) return refusals(job).at(-1)?.settlement?.error ?? gone;
  return routingClass(left, job, splitOf(accounts, needs, request.n), prefer);
}

/** What those that would serve the job, but for what was found out about them, do not take of it; null: there are none. */
function notTakenBy(accounts: readonly Account[], job: Tried): ErrorBody | null {
  const { request: _request, ...needs } = needsOf(job);
  const faults = eligibleAccounts(accounts, needs).flatMap((account) => requestFault(account, needsOf(job)) ?? []);
  return faults[0] === undefined ? null : errorBodyOf('invalid_request', faults.join('; '), faults[0].split(':')[0]);
}
