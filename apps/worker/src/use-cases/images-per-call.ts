import { eligibleAccounts, imagesPerCall as perCall, needsOf } from '@rendermill/shared/domain/routing';
import type { Job } from '@rendermill/shared/domain/job';
import type { WorkerDeps } from '../deps.js';

/** How many images of a job one call makes: what all accounts that could serve it can do. */
export function imagesPerCall(deps: Pick<WorkerDeps, 'accounts'>, job: Job): number {
  return perCall(eligibleAccounts([...deps.accounts.values()], needsOf(job)), job.model, job.request.n);
}
