import type { LedgerJob } from '@rendermill/shared/adapters/redis/job-codec';
import { paidAttempts, possiblyBilled } from '@rendermill/shared/domain/attempts';
import { maxTries, retryWait } from '@rendermill/shared/domain/backoff';
import { errorBodyOf, type ErrorBody } from '@rendermill/shared/domain/errors';
import { missingIndexes } from '@rendermill/shared/domain/job';
import type { Outcome } from '@rendermill/shared/domain/outcome';
import type { WorkerDeps } from '../deps.js';
import type { Bought, MissingCall } from './buy-missing.js';
import { paidCap, type Purchase } from './buy-pictures.js';
import { cancelled, completed, failed } from './job-ends.js';

type Deciding = Pick<WorkerDeps, 'maxPaidAttempts' | 'random'>;

/** What a job comes to after some of its calls were made. */
export function afterCalls(deps: Deciding, before: LedgerJob, bought: readonly Bought[]): Outcome {
  const purchases = bought.flatMap(({ purchase }) => (typeof purchase === 'string' ? [] : [purchase]));
  const made = purchases.map(({ attempt }) => attempt).sort((a, b) => a.number - b.number);
  const images = [...before.images, ...bought.flatMap((one) => one.images)];
  const job = { ...before, attempts: [...before.attempts, ...made], images };
  if (bought.some(({ purchase }) => purchase === 'fenced')) return { kind: 'skip', why: 'fenced' };
  if (missingIndexes(job).length === 0) return completed(job);
  if (bought.some(({ purchase }) => purchase === 'cancelled')) return cancelled(job);
  const outcomes = bought.map((one) => afterCall(deps, job, one));
  return gravest(outcomes) ?? { kind: 'wait', forMs: 0, why: 'permit' };
}

const gravity = ['finish', 'elsewhere', 'retry', 'wait'];

/** What holds for the whole job: the outcome that most stands in the way of going on; of equal ones the longest wait. */
function gravest(outcomes: readonly Outcome[]): Outcome | undefined {
  const wait = (outcome: Outcome): number => ('forMs' in outcome ? outcome.forMs : 0);
  const order = (a: Outcome, b: Outcome): number =>
    gravity.indexOf(a.kind) - gravity.indexOf(b.kind) || wait(b) - wait(a);
  return [...outcomes].sort(order)[0];
}

function afterCall(deps: Deciding, job: LedgerJob, bought: Bought): Outcome {
  const { purchase, call } = bought;
  if (purchase === 'cap') return failed(job, exhausted(job, call));
  if (purchase === 'lapsed') return { kind: 'wait', forMs: 3_000, why: 'lease' };
  if (typeof purchase === 'string') throw new Error(`call ${call} of ${job.id}: ${purchase} was not dealt with`);
  return purchase.checkpoint ? afterPictures(deps, job, bought) : afterFailure(deps, job, purchase);
}

/** Some pictures came. The rest is bought: as another call, or under this one's cap. */
function afterPictures(deps: Deciding, job: LedgerJob, { call, indexes, error }: Bought): Outcome {
  if (error?.code === 'result_url_expired') return failed(job, error);
  const missing = missingIndexes(job);
  const short = indexes.filter((index) => missing.includes(index)).length;
  const spent = paidAttempts(job.attempts, job.generation, call) >= paidCap(deps, job);
  if (short > 0 && spent) {
    return failed(job, error ?? errorBodyOf('bad_provider_response', `The provider sent ${short} picture(s) too few.`));
  }
  return { kind: 'wait', forMs: 0, why: 'next call' };
}

/** No picture came. */
function afterFailure(deps: Deciding, job: LedgerJob, { verdict, attempt }: Purchase): Outcome {
  if (!verdict) throw new Error(`attempt ${attempt.number} of ${job.id} ended without pictures and without a verdict`);
  const error = errorBodyOf(verdict.code, verdict.message);
  if (verdict.next === 'wait') return { kind: 'wait', forMs: 0, why: 'rate limit' };
  // In the same generation a parameter is left out once, and there are few: this ends.
  if (verdict.next === 'again') return { kind: 'wait', forMs: 0, why: 'unknown parameter' };
  if (attempt.settlement?.refused) return { kind: 'elsewhere', attempts: job.attempts, error };
  if (verdict.next !== 'retry') return failed(job, error);
  if (verdict.outcome === 'unknown' && job.on_unknown_outcome === 'fail')
    return failed(job, unknownOutcome(verdict.message));
  if (paidAttempts(job.attempts, job.generation, attempt.call) >= paidCap(deps, job))
    return failed(job, exhausted(job, attempt.call));
  if (job.tries + 1 >= maxTries) return failed(job, error);
  return { kind: 'retry', forMs: Math.max(retryWait(job.tries, deps.random), verdict.waitMs ?? 0), error };
}

function unknownOutcome(message: string): ErrorBody {
  return errorBodyOf('outcome_unknown', `It is not known whether this was rendered and billed: ${message}.`);
}

/** Why a job may not be bought for again, or null. Known without a permit. */
export function outOfAttempts(deps: Deciding, job: LedgerJob, calls: readonly MissingCall[]): ErrorBody | null {
  const unclear = job.attempts.find(
    ({ generation, settlement }) =>
      generation === job.generation && (settlement === null || settlement.outcome === 'unknown'),
  );
  if (unclear && job.on_unknown_outcome === 'fail')
    return unknownOutcome(unclear.settlement?.error?.message ?? 'no answer');
  const spent = calls.find(({ call }) => paidAttempts(job.attempts, job.generation, call) >= paidCap(deps, job));
  return spent ? exhausted(job, spent.call) : null;
}

/** The budget of paid attempts is used up: what the last of them came to says why. */
function exhausted(job: LedgerJob, call: number): ErrorBody {
  const last = job.attempts.findLast((attempt) => attempt.call === call && possiblyBilled(attempt))?.settlement;
  const reason = last?.error ?? errorBodyOf('bad_provider_response', 'What the provider sent is not a picture.');
  return reason.code === 'bad_provider_response' ? reason : unknownOutcome(reason.message);
}
