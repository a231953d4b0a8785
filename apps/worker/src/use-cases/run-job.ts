import type { LedgerJob } from '@rendermill/shared/adapters/redis/job-codec';
import type { Permit } from '@rendermill/shared/adapters/redis/permits';
import type { AccountNews } from '@rendermill/shared/domain/account-news';
import type { Account } from '@rendermill/shared/domain/accounts';
import { paidAttempts, possiblyBilled, type Attempt, type Checkpoint } from '@rendermill/shared/domain/attempts';
import { maxTries, retryWait } from '@rendermill/shared/domain/backoff';
import { errorBodyOf, type ErrorBody } from '@rendermill/shared/domain/errors';
import { hasRefused } from '@rendermill/shared/domain/failover';
import { missingIndexes, type StoredImage } from '@rendermill/shared/domain/job';
import type { Outcome } from '@rendermill/shared/domain/outcome';
import { plannedCalls } from '@rendermill/shared/domain/routing';
import { StorageError } from '@rendermill/shared/ports/storage';
import { Interrupted, type WorkerDeps } from '../deps.js';
import { buyPictures, type Purchase } from './buy-pictures.js';
import { collectResults, storageFailure } from './collect-results.js';
import { giveUpAttempts } from './give-up-attempts.js';
import { cancelled, completed, crashed, expired, failed } from './job-ends.js';
import { dropInputs, loadInputs } from './load-inputs.js';

/** A permit in hand, with the account it is for. Given back once, by whoever is first to know. */
export interface HeldPermit {
  readonly permit: Permit;
  readonly account: Account;
  /** The call was made, and told this about the account. */
  readonly report: (news: AccountNews) => Promise<void>;
  /** No call was made. */
  readonly release: () => Promise<void>;
}

/** Paid pictures on the disk of a dead worker are waited for this long before they are bought again. */
const spoolGraceMs = 10 * 60_000;

/** After how many deaths of its owners a job is taken for what kills them. */
const maxCrashes = 5;

/**
 * Works on a job that this worker owns, from its furthest durable stage: what is paid is stored first; only what is
 * then missing is bought, with a permit; without one the job goes back to its ready queue.
 */
export async function runJob(
  deps: WorkerDeps,
  job: LedgerJob,
  held: HeldPermit | null,
  imagesPerCall: number,
): Promise<Outcome> {
  try {
    const told = await giveUpAttempts(deps, job, deps.worker);
    const pending = await pendingResults(deps, told);
    const collects = pending.some(({ reachable }) => reachable.spooled.length + reachable.urls.length > 0);
    // To store what is paid needs no permit, and may take long.
    if (collects) await held?.release();
    const { images, error, elsewhere } = await collectPending(deps, told, pending);
    const now = { ...told, images };
    const missing = missingIndexes(now);
    if (missing.length === 0) return completed(now);
    if (error) return failed(now, error);
    if (elsewhere) return { kind: 'wait', forMs: 30_000, why: 'spool' };
    if (job.crashes >= maxCrashes) return crashed(now);
    const spent = outOfAttempts(deps, now, missing, imagesPerCall);
    if (spent) return failed(now, spent);
    if (job.cancel_requested) return cancelled(now);
    if (job.deadline !== null && Date.now() >= job.deadline * 1_000) return expired(now);
    // A class from before the account refused: routed anew, the job meets others.
    if (!held || collects || hasRefused(held.account.id, now)) return { kind: 'wait', forMs: 0, why: 'permit' };
    return await buyNext(deps, now, held, missing, imagesPerCall);
  } catch (thrown) {
    if (thrown instanceof Interrupted) return { kind: 'skip', why: 'interrupted' };
    if (thrown instanceof StorageError) return failed(job, storageFailure(thrown));
    throw thrown;
  }
}

/** Results of an earlier attempt that are paid and not known to be stored. */
interface Pending {
  readonly attempt: Attempt;
  readonly checkpoint: Checkpoint;
  /** The part of it that this process can get at: nothing where its disk is another's, or lost. */
  readonly reachable: Checkpoint;
}

async function pendingResults(deps: WorkerDeps, job: LedgerJob): Promise<Pending[]> {
  const found: Pending[] = [];
  for (const attempt of job.attempts) {
    const checkpoint = job.checkpoints.get(attempt.number);
    if (checkpoint) found.push({ attempt, checkpoint, reachable: await deps.spool.reachable(checkpoint) });
  }
  return found;
}

interface CollectedBefore {
  readonly images: readonly StoredImage[];
  readonly error: ErrorBody | null;
  /** Paid pictures lie on another worker's disk, and are waited for. */
  readonly elsewhere: boolean;
}

/** Stores what earlier attempts were paid for. */
async function collectPending(deps: WorkerDeps, job: LedgerJob, pending: readonly Pending[]): Promise<CollectedBefore> {
  let images = job.images;
  let error: ErrorBody | null = null;
  let elsewhere = false;
  for (const { attempt, checkpoint, reachable } of pending) {
    const collected = await collectResults(deps, { ...job, images }, attempt, checkpoint, reachable);
    images = [...images, ...collected.images];
    // Bad pictures are bought again, under the cap; a dead link is lost money that its owner should decide about.
    if (collected.error?.code === 'result_url_expired') error = collected.error;
    const whole = reachable.spooled.length === checkpoint.spooled.length;
    if (whole) continue;
    if (await mayCome(deps, checkpoint, attempt)) {
      elsewhere = true;
      continue;
    }
    // Lost for good: nobody looks for it again, and what is missing may be bought, under the cap.
    deps.log.error({ job: job.id, attempt: attempt.number, worker: checkpoint.worker }, 'spool.lost');
    await deps.ledger.checkpoint(job.id, attempt.number, null);
  }
  return { images, error, elsewhere };
}

/**
 * True where the owner of a spool that is not on this disk may still store what is in it: while it lives (it looks
 * through its journal), and for some time after, as a process that starts on its disk takes over.
 */
async function mayCome(deps: WorkerDeps, { worker }: Checkpoint, { settlement }: Attempt): Promise<boolean> {
  if (worker === deps.worker) return false;
  const standing = await deps.liveness.standing(worker);
  if (standing === 'alive' || standing === 'silent') return true;
  const since = Math.max((await deps.liveness.deadSince(worker)) ?? 0, settlement?.ended_at ?? 0);
  return Date.now() - since < spoolGraceMs;
}

/** Buys the first planned call that has images missing. */
async function buyNext(
  deps: WorkerDeps,
  job: LedgerJob,
  held: HeldPermit,
  missing: readonly number[],
  imagesPerCall: number,
): Promise<Outcome> {
  const calls = plannedCalls(job.request.n, imagesPerCall);
  const call = calls.findIndex((indexes) => indexes.some((index) => missing.includes(index)));
  const indexes = (calls[call] ?? []).filter((index) => missing.includes(index));
  const inputs = await loadInputs(deps, job);
  try {
    // They may have taken long to come: the account's minute is counted from the call.
    if (job.inputs.length > 0 && !(await deps.permits.stamp(held.permit, held.account)))
      return { kind: 'wait', forMs: 0, why: 'permit' };
    const order = { call, indexes, account: held.account, inputs, onAnswered: held.report };
    const purchase = await buyPictures(deps, job, order);
    if (purchase === 'fenced') return { kind: 'skip', why: 'fenced' };
    if (purchase === 'cancelled') return cancelled(job);
    if (purchase === 'cap') return failed(job, exhausted(job, call));
    if (purchase === 'lapsed') return { kind: 'wait', forMs: 3_000, why: 'lease' };
    const attempts = [...job.attempts, purchase.attempt];
    if (!purchase.checkpoint || !purchase.attempt.settlement) return afterFailure(deps, { ...job, attempts }, purchase);
    const collected = await collectResults(
      deps,
      { ...job, attempts },
      purchase.attempt,
      purchase.checkpoint,
      purchase.checkpoint,
    );
    return afterPictures(
      deps,
      { ...job, attempts, images: [...job.images, ...collected.images] },
      call,
      calls[call] ?? [],
      collected.error,
    );
  } finally {
    await dropInputs(deps, job);
  }
}

/** Some pictures came. All: the end. Else the rest is bought: as another call, or under this one's cap. */
function afterPictures(
  deps: WorkerDeps,
  job: LedgerJob,
  call: number,
  planned: readonly number[],
  error: ErrorBody | null,
): Outcome {
  const missing = missingIndexes(job);
  if (missing.length === 0) return completed(job);
  if (error?.code === 'result_url_expired') return failed(job, error);
  const short = planned.filter((index) => missing.includes(index)).length;
  const spent = paidAttempts(job.attempts, job.generation, call) >= deps.maxPaidAttempts;
  if (short > 0 && spent) {
    return failed(job, error ?? errorBodyOf('bad_provider_response', `The provider sent ${short} picture(s) too few.`));
  }
  return { kind: 'wait', forMs: 0, why: 'next call' };
}

/** No picture came. */
function afterFailure(deps: WorkerDeps, job: LedgerJob, purchase: Purchase): Outcome {
  const { verdict, attempt } = purchase;
  if (!verdict) throw new Error(`attempt ${attempt.number} of ${job.id} ended without pictures and without a verdict`);
  const error = errorBodyOf(verdict.code, verdict.message);
  if (verdict.next === 'wait') return { kind: 'wait', forMs: 0, why: 'rate limit' };
  if (attempt.settlement?.refused) return { kind: 'elsewhere', attempts: job.attempts, error };
  if (verdict.next !== 'retry') return failed(job, error);
  if (verdict.outcome === 'unknown' && job.on_unknown_outcome === 'fail')
    return failed(job, unknownOutcome(verdict.message));
  if (paidAttempts(job.attempts, job.generation, attempt.call) >= deps.maxPaidAttempts)
    return failed(job, exhausted(job, attempt.call));
  if (job.tries + 1 >= maxTries) return failed(job, error);
  return { kind: 'retry', forMs: Math.max(retryWait(job.tries, deps.random), verdict.waitMs ?? 0), error };
}

function unknownOutcome(message: string): ErrorBody {
  return errorBodyOf('outcome_unknown', `It is not known whether this was rendered and billed: ${message}.`);
}

/** Why a job may not be bought for again, or null. Known without a permit. */
function outOfAttempts(
  deps: WorkerDeps,
  job: LedgerJob,
  missing: readonly number[],
  imagesPerCall: number,
): ErrorBody | null {
  const unclear = job.attempts.find(
    ({ generation, settlement }) =>
      generation === job.generation && (settlement === null || settlement.outcome === 'unknown'),
  );
  if (unclear && job.on_unknown_outcome === 'fail')
    return unknownOutcome(unclear.settlement?.error?.message ?? 'no answer');
  const call = plannedCalls(job.request.n, imagesPerCall).findIndex((indexes) =>
    indexes.some((index) => missing.includes(index)),
  );
  return paidAttempts(job.attempts, job.generation, call) >= deps.maxPaidAttempts ? exhausted(job, call) : null;
}

/** The budget of paid attempts is used up: what the last of them came to says why. */
function exhausted(job: LedgerJob, call: number): ErrorBody {
  const last = job.attempts.findLast((attempt) => attempt.call === call && possiblyBilled(attempt))?.settlement;
  const reason = last?.error ?? errorBodyOf('bad_provider_response', 'What the provider sent is not a picture.');
  return reason.code === 'bad_provider_response' ? reason : unknownOutcome(reason.message);
}
