import { splitOf } from '@rendermill/shared/domain/routing';
import { needsOf } from '@rendermill/shared/domain/routing-class';
import type { Job } from '@rendermill/shared/domain/job';
import type { WorkerDeps } from '../deps.js';

/** How many images of a job one call makes: what all accounts that could serve it can do. */
export function imagesPerCall(deps: Pick<WorkerDeps, 'accounts'>, job: Job): number {
  return splitOf([...deps.accounts.values()], needsOf(job), job.request.n);
}
