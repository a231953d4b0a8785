import type { AttemptKey, JournalIntent, JournalSettlement } from '@rendermill/shared/adapters/spool/journal';
import type { AttemptSettlement, Checkpoint } from '@rendermill/shared/domain/attempts';
import { storeWait } from '@rendermill/shared/domain/backoff';
import type { Job } from '@rendermill/shared/domain/job';
import { pause, type WorkerDeps } from '../deps.js';
import { unknownAnswer } from './give-up-attempts.js';

/** Where an attempt stands, before it and after it: in the ledger, and in this worker's journal beside its pictures. */

/** Not on disk, not sent: then nothing was bought. */
export async function writeIntentToDisk(deps: WorkerDeps, job: Job, intent: JournalIntent): Promise<void> {
  try {
    await deps.spool.journal.append(intent);
  } catch (error) {
    const settlement = { ...unknownAnswer('The journal could not be written.'), outcome: 'not_sent' as const, cost: 0 };
    await deps.ledger.settle(job.id, intent.number, settlement, null);
    throw error;
  }
}

/** From here on it is paid: trouble with this disk is told, and the ledger hears of the purchase all the same. */
export async function syncPictures(deps: WorkerDeps, key: AttemptKey, checkpoint: Checkpoint | null): Promise<void> {
  if (!checkpoint) return;
  try {
    await deps.spool.sync(checkpoint.spooled.map(({ file }) => file));
  } catch (error) {
    deps.log.error({ error, attempt_key: key }, 'spool.not_synced');
  }
}

/** Beside what the ledger is told: either of the two is enough to find the pictures by. */
export async function writeSettlementToDisk(deps: WorkerDeps, settlement: JournalSettlement): Promise<void> {
  try {
    await deps.spool.journal.append(settlement);
  } catch (error) {
    deps.log.error({ error, attempt_key: settlement.key }, 'journal.not_written');
  }
}

/** Tells the ledger what was paid, for as long as it takes. */
export async function tellLedger(
  deps: WorkerDeps,
  job: string,
  number: number,
  settlement: AttemptSettlement,
  checkpoint: Checkpoint | null,
): Promise<boolean> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await deps.ledger.settle(job, number, settlement, checkpoint);
    } catch (error) {
      deps.log.error({ error, job, attempt: number }, 'attempt.not_settled');
      await pause(deps, storeWait(attempt, deps.random));
    }
  }
}
