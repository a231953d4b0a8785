import type { LedgerJob } from '@rendermill/shared/adapters/redis/job-codec';
import { isTerminal } from '@rendermill/shared/domain/job';
import type { WorkerDeps } from '../deps.js';
import { ownerDied } from './owner-died.js';
import { imagesPerCall } from './images-per-call.js';
import { runJob } from './run-job.js';

/**
 * Takes a job up again whose owner died: stores what is paid; what is still missing goes back to the queue.
 * Answers true where nothing of the dead owner is needed any more.
 */
export async function recoverJob(deps: WorkerDeps, id: string, dead: string): Promise<boolean> {
  const known = await deps.ledger.read(id);
  if (!known || (isTerminal(known.status) && known.error?.code !== 'storage_denied')) return true;
  if (isTerminal(known.status)) return false;
  const job = await own(deps, known, dead);
  if (!job) return false;
  await giveUpOpenAttempts(deps, job, dead);
  const fresh = (await deps.ledger.read(id)) ?? job;
  await deps.workOn(fresh, async () => runJob(deps, fresh, null, imagesPerCall(deps, fresh)));
  const after = await deps.ledger.read(id);
  return !after || ![...after.checkpoints.values()].some(({ worker }) => worker === dead);
}

/** Ownership of a job that the dead worker holds, or that waits in the queue since. */
async function own(deps: WorkerDeps, known: LedgerJob, dead: string): Promise<LedgerJob | null> {
  const job =
    known.status === 'queued'
      ? await deps.ledger.begin(known.id, known.generation, known.run, deps.worker)
      : await deps.ledger.seize(known.id, dead, deps.worker);
  return typeof job === 'string' ? null : job;
}

/** Calls that the dead worker may have made, and whose answer nobody will read: counted as possibly billed. */
async function giveUpOpenAttempts(deps: WorkerDeps, job: LedgerJob, dead: string): Promise<void> {
  for (const attempt of job.attempts) {
    if (attempt.settlement === null && attempt.worker === dead)
      await deps.ledger.settle(job.id, attempt.number, ownerDied(), null);
  }
}
