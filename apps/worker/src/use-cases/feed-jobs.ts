import type { NewEntry } from '@rendermill/shared/adapters/bullmq/queues';
import type { DueJob } from '@rendermill/shared/adapters/redis/feed';
import { jobEntryId, prepareQueue, readyQueue, type JobEntry } from '@rendermill/shared/queues/entries';
import type { WorkerDeps } from '../deps.js';

/**
 * Derives queue entries for the jobs that are due: retries whose wait is over, and new jobs whose entry nobody added
 * because its process died. Entry ids are deterministic, so that two feeders at once add one entry.
 * Answers how long nothing will be due, in milliseconds, or null.
 */
export async function feedJobs(deps: WorkerDeps): Promise<number | null> {
  const { found, nextMs } = await deps.feed.takeDue(200);
  if (found.length === 0) return nextMs;
  const byQueue = new Map<string, NewEntry<JobEntry>[]>();
  for (const job of found) {
    const entry = { j: job.id, g: job.generation, r: job.run };
    const queue = queueOf(job);
    byQueue.set(queue, [...(byQueue.get(queue) ?? []), { id: jobEntryId(entry), data: entry, priority: job.priority }]);
  }
  for (const [queue, entries] of byQueue) await deps.queues.add(queue, entries);
  await deps.feed.entriesAdded(found);
  for (const classId of new Set(found.map(({ classId: id }) => id))) await deps.signals.wake(classId);
  return 0;
}

function queueOf(job: DueJob): string {
  return job.stage === 'prepare' ? prepareQueue : readyQueue(job.classId);
}
