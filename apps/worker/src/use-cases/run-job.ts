import type { LedgerJob } from '@rendermill/shared/adapters/redis/job-codec';
import type { Attempt, Checkpoint } from '@rendermill/shared/domain/attempts';
import type { ErrorBody } from '@rendermill/shared/domain/errors';
import { hasRefused } from '@rendermill/shared/domain/failover';
import { missingIndexes, type StoredImage } from '@rendermill/shared/domain/job';
import type { Outcome } from '@rendermill/shared/domain/outcome';
import { takesJob } from '@rendermill/shared/domain/routing-class';
import { StorageError } from '@rendermill/shared/ports/storage';
import { Interrupted, type WorkerDeps } from '../deps.js';
import { afterCalls, outOfAttempts } from './after-calls.js';
import { buyMissing, callsFor } from './buy-missing.js';
import { collectResults, storageFailure } from './collect-results.js';
import { giveUpAttempts } from './give-up-attempts.js';
import type { HeldPermit, Lend } from './held-permit.js';
import { cancelled, completed, crashed, expired, failed } from './job-ends.js';

/** Paid pictures on the disk of a dead worker are waited for this long before they are bought again. */
const spoolGraceMs = 10 * 60_000;

/** After how many deaths of its owners a job is taken for what kills them. */
const maxCrashes = 5;

/**
 * Works on a job that this worker owns, from its furthest durable stage: what is paid is stored first; only what is
 * then missing is bought, with a permit; without one the job goes back to its ready queue. `lend` brings more permits
 * for a job of several calls.
 */
export async function runJob(
  deps: WorkerDeps,
  job: LedgerJob,
  held: HeldPermit | null,
  imagesPerCall: number,
  lend: Lend | null = null,
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
    const calls = callsFor(now, missing, imagesPerCall);
    const spent = outOfAttempts(deps, now, calls);
    if (spent) return failed(now, spent);
    if (job.cancel_requested) return cancelled(now);
    if (job.deadline !== null && Date.now() >= job.deadline * 1_000) return expired(now);
    // A class from before the account refused: routed anew, the job meets others.
    if (!held || collects || hasRefused(held.account.id, now) || !takesJob(held.account, now))
      return { kind: 'wait', forMs: 0, why: 'permit' };
    return afterCalls(deps, now, await buyMissing(deps, now, held, calls, lend));
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
