import type { LedgerJob } from '@rendermill/shared/adapters/redis/job-codec';
import { isTerminal, missingIndexes } from '@rendermill/shared/domain/job';
import type { WorkerDeps } from '../deps.js';
import { giveUpAttempts } from './give-up-attempts.js';
import { countsUnrecorded } from './on-record.js';
import { takeUp } from './take-up.js';

/**
 * Takes a job up again whose owner died: what is paid is stored; what is then missing goes back to the queue.
 * Answers whether anything on the dead owner's disk is still needed for it, or `unknown` where the ledger has no such
 * job: past its retention, or lost.
 */
export async function recoverJob(deps: WorkerDeps, id: string, dead: string): Promise<'needed' | 'done' | 'unknown'> {
  const known = await deps.ledger.read(id);
  if (!known) return (await deps.ledger.isFlushed(id)) ? 'done' : 'unknown';
  const waits = holds(known, dead);
  const counts = known.attempts.some((attempt) => attempt.worker === dead && countsUnrecorded(known, attempt));
  const needed = waits || counts ? 'needed' : 'done';
  // What the store refused waits for a retry.
  if (isTerminal(known.status) || deps.inHand.has(id)) return needed;
  const job = await own(deps, known, dead, waits);
  if (job) takeUp(deps, await giveUpAttempts(deps, job, dead));
  return needed;
}

/** True where pictures that the job still lacks lie in this worker's spool. */
function holds(job: LedgerJob, worker: string): boolean {
  const missing = new Set(missingIndexes(job));
  return [...job.checkpoints.values()].some(
    (checkpoint) => checkpoint.worker === worker && checkpoint.spooled.some(({ index }) => missing.has(index)),
  );
}

/** Ownership of a job that the dead worker held, or that waits in the queue and needs what it left. */
async function own(deps: WorkerDeps, known: LedgerJob, dead: string, needed: boolean): Promise<LedgerJob | null> {
  const { id, status, generation, run } = known;
  if (status === 'queued' && !needed) return null;
  const job =
    status === 'queued'
      ? await deps.ledger.begin(id, generation, run, deps.worker)
      : await deps.ledger.seize(id, dead, deps.worker);
  return typeof job === 'string' ? null : job;
}
