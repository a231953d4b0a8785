import type { Job } from '@rendermill/shared/domain/job';
import type { Outcome } from '@rendermill/shared/domain/outcome';
import type { WorkerDeps } from '../deps.js';
import { settle, settleSurprise } from './settle.js';

/** Works on a job that this worker owns, and settles what that came to. */
export async function workOn(deps: WorkerDeps, job: Job, work: () => Promise<Outcome>): Promise<void> {
  deps.inHand.add(job.id);
  try {
    await settle(deps, job, await work());
  } catch (thrown) {
    await settleSurprise(deps, job, thrown);
  } finally {
    deps.inHand.delete(job.id);
  }
}
