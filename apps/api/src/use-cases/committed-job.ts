import { RendermillError } from '@rendermill/shared/domain/errors';
import type { Job } from '@rendermill/shared/domain/job';
import type { ApiDeps } from '../deps.js';
import type { Committed } from './submit-job.js';

/**
 * The job that a request has become, once it has ended or as it stands after `waitMs`. Where the ledger cannot be read
 * any more, a new job is told as it was written: a client that is sent away then would come back and buy it again.
 */
export async function committedJob(
  deps: ApiDeps,
  project: string,
  committed: Committed,
  waitMs: number,
  gone: AbortSignal,
): Promise<Job> {
  try {
    const signal = AbortSignal.any([gone, deps.stopping]);
    const job = await deps.waiter.until(project, committed.id, waitMs, signal);
    if (!job) throw new RendermillError('not_found', 'The job is gone.');
    return job;
  } catch (error) {
    // A repeat by Idempotency-Key finds its job the next time too.
    if (!committed.written || error instanceof RendermillError) throw error;
    deps.log.warn({ error, job: committed.id }, 'job.not_read');
    return committed.written;
  }
}
