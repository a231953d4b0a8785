import type { NewEntry } from '@rendermill/shared/adapters/bullmq/queues';
import type { LinePlace } from '@rendermill/shared/adapters/redis/batch-ledger';
import { queuePriority, type NewJob } from '@rendermill/shared/adapters/redis/job-store';
import type { Batch } from '@rendermill/shared/domain/batch';
import { jobEntryId, prepareQueue, readyQueue, type JobEntry } from '@rendermill/shared/queues/entries';
import type { WorkerDeps } from '../deps.js';
import { makeLine, type MadeLine } from './line-job.js';
import type { LineReader, NextLine } from './line-reader.js';

/** Lines read at once: what is not a job costs no room in the queue, and there may be many of them. */
const lotLines = 200;

/**
 * Makes jobs of a batch's next lines until there are `room` more of them. Answers true where there may be more to do at
 * once. Each line and the cursor change in one script, so that no crash doubles or skips a line.
 */
export async function feedBatch(deps: WorkerDeps, batch: Batch, room: number, reader: LineReader): Promise<boolean> {
  const lines = await reader.next(batch, Math.min(lotLines, Math.max(1, room)));
  reader.rest();
  if (batch.cursor >= batch.gaps) return feedLines(deps, batch, lines, 'next');
  return feedBetween(deps, batch, lines);
}

/** The same where some of these lines were begun before: the cursor passes over them. */
async function feedBetween(deps: WorkerDeps, batch: Batch, lines: readonly NextLine[]): Promise<boolean> {
  const waiting = await deps.batches.waiting(batch.id, batch.cursor + 1, lines.length);
  const first = waiting.indexOf(true);
  const passed = lines[(first === -1 ? lines.length : first) - 1];
  if (passed) return deps.batches.pass(batch, passed.line, passed.next);
  const end = waiting.indexOf(false);
  return feedLines(deps, batch, end === -1 ? lines : lines.slice(0, end), 'next');
}

/** The same of lines that a retry is for, each with the images that it has. */
export async function feedAgain(deps: WorkerDeps, batch: Batch, lines: readonly NextLine[]): Promise<boolean> {
  return feedLines(deps, batch, lines, 'again');
}

async function feedLines(
  deps: WorkerDeps,
  batch: Batch,
  lines: readonly NextLine[],
  what: LinePlace['what'],
): Promise<boolean> {
  const made = await Promise.all(lines.map(async (line) => makeLine(deps, batch, line)));
  const kept = await Promise.all(
    lines.map(async ({ line }) => (what === 'again' ? deps.batches.kept(batch.id, line) : [])),
  );
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
      const place = { batch, line: line.line, next: line.next, what };
      return 'job' in one ? deps.batches.feed(place, one.job, kept[i]) : deps.batches.refuse(place, one.record);
    }),
  );
  const fed = affordable.flatMap((one, i) => {
    const run = answers[i];
    return 'job' in one && typeof run === 'number' ? [{ job: one.job, generation: batch.generation, run }] : [];
  });
  await enqueue(deps, fed);
  return affordable.length === lines.length && answers.every((answer) => typeof answer === 'number');
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

interface FedJob {
  readonly job: NewJob;
  readonly generation: number;
  readonly run: number;
}

/** The jobs are safe already: should this fail, the feeder of jobs adds their entries in a moment. */
async function enqueue(deps: WorkerDeps, fed: readonly FedJob[]): Promise<void> {
  if (fed.length === 0) return;
  const byQueue = new Map<string, NewEntry<JobEntry>[]>();
  for (const { job, generation, run } of fed) {
    const { spec, stage, routing } = job;
    const entry = { j: spec.id, g: generation, r: run };
    const queue = stage === 'prepare' ? prepareQueue : readyQueue(routing.id);
    const priority = queuePriority[spec.priority];
    byQueue.set(queue, [...(byQueue.get(queue) ?? []), { id: jobEntryId(entry), data: entry, priority }]);
  }
  for (const [queue, entries] of byQueue) await deps.queues.add(queue, entries);
  await deps.feed.entriesAdded(fed.map(({ job, run }) => ({ id: job.spec.id, run })));
  for (const classId of new Set(fed.map(({ job }) => job.routing.id))) await deps.signals.wake(classId);
}
