import type { NewEntry } from '@rendermill/shared/adapters/bullmq/queues';
import type { FedLine, LinePlace } from '@rendermill/shared/adapters/redis/batch-ledger';
import { queuePriority, type NewJob } from '@rendermill/shared/adapters/redis/job-store';
import type { Batch } from '@rendermill/shared/domain/batch';
import { jobEntryId, prepareQueue, readyQueue, type JobEntry } from '@rendermill/shared/queues/entries';
import type { WorkerDeps } from '../deps.js';
import { makeLine, type MadeLine } from './line-job.js';
import type { LineReader } from './line-reader.js';

/** Lines read at once: what is not a job costs no room in the queue, and there may be many of them. */
const lotLines = 200;

/**
 * Makes jobs of a batch's next lines until there are `room` more of them. Answers true where there may be more to do at
 * once. Each line and the cursor change in one script, so that no crash doubles or skips a line.
 */
export async function feedBatch(deps: WorkerDeps, batch: Batch, room: number, reader: LineReader): Promise<boolean> {
  const lines = await reader.next(batch, Math.min(lotLines, Math.max(1, room)));
  const made = await Promise.all(lines.map(async (line) => makeLine(deps, batch, line)));
  const affordable = withinBudget(batch, made);
  if (affordable.length === 0) {
    // Estimates may have been too high: what is under way is waited for.
    if (lines.length > 0 && batch.open === 0) await deps.batches.rest(batch.id, 'budget_exceeded');
    return false;
  }
  const answers = await Promise.all(
    affordable.map(async (one, i) => {
      const line = lines[i];
      if (!line) throw new Error('a line was made of nothing');
      return feed(deps, { batch, line: line.line, next: line.next, what: 'next' }, one);
    }),
  );
  await enqueue(
    deps,
    affordable.flatMap((one, i) => ('job' in one && answers[i] === 'fed' ? [one.job] : [])),
  );
  return affordable.length === lines.length && answers.every((answer) => answer === 'fed');
}

async function feed(deps: WorkerDeps, place: LinePlace, made: MadeLine): Promise<FedLine> {
  return 'job' in made ? deps.batches.feed(place, made.job) : deps.batches.refuse(place, made.record);
}

/** As many of them as `max_cost` is good for, with what is spent and what is under way. */
function withinBudget({ max_cost, cost }: Batch, made: readonly MadeLine[]): readonly MadeLine[] {
  if (max_cost === null) return made;
  // What was spent at unknown prices cannot be kept within anything.
  if (cost.actual === null) return [];
  let committed = cost.actual + cost.reserved;
  const end = made.findIndex((one) => {
    if ('job' in one) committed += one.job.spec.estimate ?? 0;
    return committed > max_cost;
  });
  return end === -1 ? made : made.slice(0, end);
}

/** The jobs are safe already: should this fail, the feeder of jobs adds their entries in a moment. */
async function enqueue(deps: WorkerDeps, jobs: readonly NewJob[]): Promise<void> {
  if (jobs.length === 0) return;
  const byQueue = new Map<string, NewEntry<JobEntry>[]>();
  const started = jobs.map(({ spec, stage, routing }) => {
    const entry = { j: spec.id, g: 1, r: 1 };
    const queue = stage === 'prepare' ? prepareQueue : readyQueue(routing.id);
    const priority = queuePriority[spec.priority];
    byQueue.set(queue, [...(byQueue.get(queue) ?? []), { id: jobEntryId(entry), data: entry, priority }]);
    return { id: spec.id, run: 1 };
  });
  for (const [queue, entries] of byQueue) await deps.queues.add(queue, entries);
  await deps.feed.entriesAdded(started);
  for (const classId of new Set(jobs.map(({ routing }) => routing.id))) await deps.signals.wake(classId);
}
