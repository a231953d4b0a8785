import type { LedgerJob } from '@rendermill/shared/adapters/redis/job-codec';
import type { WorkerDeps } from '../deps.js';
import { imagesPerCall } from './images-per-call.js';
import { runJob } from './run-job.js';

/**
 * Goes on with a job that this worker owns by now, from its furthest durable stage. Nobody waits for it: a picture
 * whose store or link does not answer must not keep others from being found.
 */
export function takeUp(deps: WorkerDeps, job: LedgerJob): void {
  if (deps.inHand.has(job.id)) return;
  deps.inHand.add(job.id);
  deps.background.start(async () => deps.workOn(job, async () => runJob(deps, job, null, imagesPerCall(deps, job))));
}
