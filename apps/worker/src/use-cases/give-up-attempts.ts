import type { LedgerJob } from '@rendermill/shared/adapters/redis/job-codec';
import { attemptKey } from '@rendermill/shared/adapters/spool/journal';
import type { AttemptSettlement } from '@rendermill/shared/domain/attempts';
import { errorBodyOf } from '@rendermill/shared/domain/errors';
import type { WorkerDeps } from '../deps.js';

/** The settlement of a call whose answer nobody will tell: it may have been made, and billed. */
export function unknownAnswer(message: string): AttemptSettlement {
  return {
    outcome: 'unknown',
    ended_at: Date.now(),
    http_status: null,
    request_id: null,
    error: errorBodyOf('outcome_unknown', message),
    cost: null,
    cost_basis: null,
    usage: null,
    effective: {},
  };
}

export const ownerDied = (): AttemptSettlement => unknownAnswer('The worker that waited for the answer died.');

/**
 * Settles what `owner` began for a job and never told of. Of this very worker its journal may know more than the
 * ledger: a fault between the two. Answers the job as it stands then.
 */
export async function giveUpAttempts(deps: WorkerDeps, job: LedgerJob, owner: string): Promise<LedgerJob> {
  const open = job.attempts.filter(({ settlement, worker }) => settlement === null && worker === owner);
  if (open.length === 0) return job;
  for (const { number, generation } of open) {
    const known = deps.spool.journal.open.get(attemptKey(job.id, generation, number))?.settled;
    const settlement =
      known?.settlement ??
      (owner === deps.worker ? unknownAnswer('The worker met a fault while it waited.') : ownerDied());
    await deps.ledger.settle(job.id, number, settlement, known?.checkpoint ?? null);
  }
  return (await deps.ledger.read(job.id)) ?? job;
}
