import type { LedgerJob } from '@rendermill/shared/adapters/redis/job-codec';
import { attemptKey } from '@rendermill/shared/adapters/spool/journal';
import type { AttemptIntent, AttemptSettlement } from '@rendermill/shared/domain/attempts';
import { errorBodyOf } from '@rendermill/shared/domain/errors';
import type { Job } from '@rendermill/shared/domain/job';
import { costAt } from '@rendermill/shared/domain/routing';
import type { WorkerDeps } from '../deps.js';

/** The settlement of a call whose answer nobody will tell: it may have been made, and billed. */
export function unknownAnswer(message: string): AttemptSettlement {
  return {
    outcome: 'unknown',
    ended_at: Date.now(),
    http_status: null,
    request_id: null,
    // Ours, not the provider's.
    error: { ...errorBodyOf('outcome_unknown', message), type: 'server_error' },
    cost: null,
    cost_basis: null,
    usage: null,
    effective: {},
  };
}

/** The same for an attempt of a job, at the price of the whole call: a claim is made with the higher figure. */
export function givenUp(
  { accounts }: Pick<WorkerDeps, 'accounts'>,
  job: Job,
  { provider, indexes }: AttemptIntent,
  message: string,
): AttemptSettlement {
  const account = accounts.get(provider);
  const price = account ? costAt(account, job, indexes.length, null) : null;
  return { ...unknownAnswer(message), cost: price?.micros ?? null, cost_basis: price?.basis ?? null };
}

export const ownerDied = 'The worker that waited for the answer died.';
export const workerFaltered = 'The worker met a fault while it waited.';

/**
 * Settles what `owner` began for a job and never told of. Of this very worker its journal may know more than the
 * ledger: a fault between the two. Answers the job as it stands then.
 */
export async function giveUpAttempts(deps: WorkerDeps, job: LedgerJob, owner: string): Promise<LedgerJob> {
  const open = job.attempts.filter(({ settlement, worker }) => settlement === null && worker === owner);
  if (open.length === 0) return job;
  for (const attempt of open) {
    const { number, generation } = attempt;
    const known = deps.spool.journal.open.get(attemptKey(job.id, generation, number))?.settled;
    const why = owner === deps.worker ? workerFaltered : ownerDied;
    const settlement = known?.settlement ?? givenUp(deps, job, attempt, why);
    await deps.ledger.settle(job.id, number, settlement, known?.checkpoint ?? null);
  }
  return (await deps.ledger.read(job.id)) ?? job;
}
