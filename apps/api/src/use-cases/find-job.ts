import { lineOfJob, linesToRun, type Batch } from '@rendermill/shared/domain/batch';
import { isId } from '@rendermill/shared/domain/ids';
import type { Job } from '@rendermill/shared/domain/job';
import type { ApiDeps } from '../deps.js';
import { readLines, type LineView } from './read-lines.js';

/** A job by its id: in the ledger, or a line of a batch that is no job there. */
export type FoundJob = { readonly job: Job } | { readonly batch: Batch; readonly view: LineView };

export async function findJob(
  deps: Pick<ApiDeps, 'jobs' | 'batches' | 'batchReader' | 'storage'>,
  project: string,
  id: string,
): Promise<FoundJob | null> {
  if (isId('job', id)) {
    const job = await deps.jobs.get(project, id);
    return job && { job };
  }
  const place = lineOfJob(id);
  if (!place) return null;
  const batch = await deps.batches.get(project, place.batch);
  if (!batch || place.line > linesToRun(batch)) return null;
  const [state] = await deps.batchReader.states(batch.id, place.line, place.line);
  const [view] = await readLines(deps, batch, new Map(state === undefined ? [] : [[place.line, state]]));
  if (!view) return null;
  return view.kind === 'job' ? { job: view.job } : { batch, view };
}
