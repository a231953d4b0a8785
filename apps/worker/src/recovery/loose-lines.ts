import type { OpenAttempt } from '@rendermill/shared/adapters/spool/journal';
import type { LedgerJob } from '@rendermill/shared/adapters/redis/job-codec';
import type { NewJob } from '@rendermill/shared/adapters/redis/job-store';
import type { RestoredJob } from '@rendermill/shared/adapters/redis/recovery-store';
import { possiblyBilled } from '@rendermill/shared/domain/attempts';
import { lineJobId, type Batch, type LineRecord } from '@rendermill/shared/domain/batch';
import { effectiveOf, usageOf } from '@rendermill/shared/domain/job-results';
import { missingIndexes } from '@rendermill/shared/domain/job';
import { lineEnd } from '@rendermill/shared/domain/line-record';
import { batchKey } from '@rendermill/shared/domain/object-keys';
import { queuedJob } from '@rendermill/shared/domain/queued-job';
import { makeLine } from '../batches/line-job.js';
import type { NextLine } from '../batches/line-reader.js';
import type { RecoveryDeps } from './deps.js';
import { imagesAt, type FoundImage } from './found-images.js';
import type { Journals } from './journals.js';
import { knownAttempts, openCheckpoints } from './known-attempts.js';

/** A line that was begun and of which no record tells: rebuilt from its input line, its pictures and the journals. */
export type LooseLine =
  /** All its pictures are stored. */
  | { readonly record: LineRecord }
  /** Something of it is stored, paid or may have been paid. */
  | { readonly job: RestoredJob }
  /** Nothing is: its turn comes as if it had never been begun. */
  | null;

/** Keys of stored pictures by line, for the lines that are `wanted`. */
export async function keysByLine(
  deps: RecoveryDeps,
  batch: Pick<Batch, 'id' | 'project'>,
  wanted: (line: number) => boolean,
): Promise<Map<number, string[]>> {
  const folder = batchKey(batch, 'images/');
  const found = new Map<number, string[]>();
  for await (const { key } of deps.storage.list(folder)) {
    const line = Number(/^(\d{7})\//.exec(key.slice(folder.length))?.[1] ?? 0);
    if (line > 0 && wanted(line)) found.set(line, [...(found.get(line) ?? []), key]);
  }
  return found;
}

/** Lines of a batch that its journals name. */
export function linesIn(journals: Journals, batchId: string): number[] {
  const prefix = lineJobId(batchId, 0).slice(0, -1);
  return [...journals.attempts.keys()]
    .filter((id) => id.startsWith(prefix))
    .map((id) => Number(id.slice(prefix.length)));
}

export async function rebuildLine(
  deps: RecoveryDeps,
  batch: Batch,
  line: NextLine,
  keys: readonly string[],
  open: readonly OpenAttempt[],
): Promise<LooseLine> {
  const made = await makeLine(deps, batch, line);
  if (!('job' in made)) return null;
  const images = await imagesAt(deps, made.job.spec.id, keys);
  const job = jobOf(deps, batch, made.job, images, open);
  if (missingIndexes(job).length === 0) return { record: recordOf(job) };
  if (images.length === 0 && !job.attempts.some(possiblyBilled)) return null;
  return { job: { job, routing: made.job.routing } };
}

function jobOf(
  deps: RecoveryDeps,
  batch: Batch,
  { spec, routing, stage, inputs, mask }: NewJob,
  images: readonly FoundImage[],
  open: readonly OpenAttempt[],
): LedgerJob {
  // What is stored was made for this line, whatever a change of the configuration makes of it today.
  const request_hash = images[0]?.requestHash ?? spec.request_hash;
  const fresh = queuedJob({ ...spec, request_hash }, { class_id: routing.id, stage, inputs, mask });
  const job = { ...fresh, generation: batch.generation, images: images.map(({ image }) => image) };
  const attempts = knownAttempts(deps, job, open, images);
  return { ...job, attempts, checkpoints: openCheckpoints(job, open), flushed: false };
}

function recordOf(job: LedgerJob): LineRecord {
  const ends = job.attempts.flatMap(({ settlement }) => settlement?.ended_at ?? []);
  const begins = job.attempts.map(({ started_at }) => started_at);
  const ended = lineEnd({
    ...job,
    status: 'completed',
    started_at: Math.min(...begins, Date.now()),
    completed_at: Math.max(...ends, job.created_at),
    usage: usageOf(job),
    effective: effectiveOf(job),
  });
  if (!ended) throw new Error(`${job.id} is no line's`);
  return ended.record;
}
