import { eligibleAccounts, imagesPerCall as perCall } from '@rendermill/shared/domain/routing';
import type { Job } from '@rendermill/shared/domain/job';
import type { WorkerDeps } from '../deps.js';

/** How many images of a job one call makes: what all accounts that could serve it can do. */
export function imagesPerCall(deps: Pick<WorkerDeps, 'accounts'>, job: Job): number {
  const needs = { model: job.model, operation: job.type, mode: job.mode, provider: job.provider, request: job.request };
  return perCall(eligibleAccounts([...deps.accounts.values()], needs), job.model, job.request.n);
}
