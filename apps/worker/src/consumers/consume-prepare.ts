import type { JobEntry } from '@rendermill/shared/queues/entries';
import type { WorkerDeps } from '../deps.js';
import { prepareInputs } from '../use-cases/prepare-inputs.js';
import { workOn } from './work-on.js';

/** Takes a job whose inputs must be fetched, and sends it on to its ready queue. */
export async function consumePrepare(deps: WorkerDeps, entry: JobEntry): Promise<void> {
  const job = await deps.ledger.begin(entry.j, entry.g, entry.r, deps.worker);
  if (typeof job === 'string') return;
  await workOn(deps, job, async () => prepareInputs(deps, job));
}
