import type { LedgerJob } from '@rendermill/shared/adapters/redis/job-codec';
import { possiblyBilled, type Attempt } from '@rendermill/shared/domain/attempts';
import { isTerminal } from '@rendermill/shared/domain/job';

/**
 * True where an attempt is counted in the ledger alone: its job has not ended, or its end is not in the bucket. Should Redis
 * be lost now, the journal is what the cap is counted by.
 */
export function countsUnrecorded(job: LedgerJob, attempt: Attempt | undefined): boolean {
  return attempt !== undefined && possiblyBilled(attempt) && !isOnRecord(job);
}

/** The pictures of a completed line tell of it until its record is flushed. */
function isOnRecord(job: LedgerJob): boolean {
  return isTerminal(job.status) && (!job.line || job.status === 'completed' || job.flushed);
}
