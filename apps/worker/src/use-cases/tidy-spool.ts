import { isTerminal, missingIndexes } from '@rendermill/shared/domain/job';
import type { OpenAttempt } from '@rendermill/shared/adapters/spool/journal';
import type { WorkerDeps } from '../deps.js';
import { givenUp, workerFaltered } from './give-up-attempts.js';
import { countsUnrecorded } from './on-record.js';
import { takeUp } from './take-up.js';

/**
 * Looks through this worker's own journal: pictures that wait in its spool for a job in the queue are stored by it, as
 * no other may be able to; what no job needs any more is removed.
 */
export async function tidySpool(deps: WorkerDeps): Promise<void> {
  for (const [key, attempt] of deps.spool.journal.open) {
    if (deps.inHand.has(attempt.intent.intent.job)) continue;
    if (await isNeeded(deps, attempt)) continue;
    await deps.spool.discard(`${key}-`);
    deps.spool.journal.close(key);
  }
}

async function isNeeded(deps: WorkerDeps, { intent, settled }: OpenAttempt): Promise<boolean> {
  const { job: id, started_at } = intent.intent;
  const job = await deps.ledger.read(id);
  // Begun and taken into hand while we asked.
  if (deps.inHand.has(id)) return true;
  if (!job) return Date.now() - started_at < deps.ledger.retentionMs && !(await deps.ledger.isFlushed(id));
  const told = job.attempts.find(({ number }) => number === intent.number);
  if (told && told.settlement === null) {
    // A fault came between the call and the ledger; where the job is still ours, whoever picks it up tells.
    const known = settled?.settlement ?? givenUp(deps, job, intent.intent, workerFaltered);
    if (job.worker !== deps.worker) await deps.ledger.settle(id, intent.number, known, settled?.checkpoint ?? null);
    return true;
  }
  const waiting = job.checkpoints.get(intent.number);
  if (!waiting || waiting.worker !== deps.worker || missingIndexes(job).length === 0)
    return countsUnrecorded(job, told);
  if (job.status === 'queued') {
    const begun = await deps.ledger.begin(id, job.generation, job.run, deps.worker);
    if (typeof begun !== 'string') takeUp(deps, begun);
  }
  return !isTerminal(job.status) || waiting.spooled.length > 0;
}
