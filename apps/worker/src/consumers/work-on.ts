import type { Job } from '@rendermill/shared/domain/job';
import type { Outcome } from '@rendermill/shared/domain/outcome';
import type { WorkerDeps } from '../deps.js';
import { inJobSpan } from './job-span.js';
import { settle, settleSurprise } from './settle.js';

/** Works on a job that this worker owns, and settles what that came to. */
export async function workOn(deps: WorkerDeps, job: Job, work: () => Promise<Outcome>): Promise<void> {
  deps.inHand.add(job.id);
  try {
    await inJobSpan(job, async (span) => {
      const outcome = await work();
      span.setAttribute('rendermill.outcome', outcome.kind);
      await settle(deps, job, outcome);
    });
  } catch (thrown) {
    await settleSurprise(deps, job, thrown);
  } finally {
    deps.inHand.delete(job.id);
  }
}
