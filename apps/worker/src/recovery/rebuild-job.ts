import type { JournalOrder, OpenAttempt } from '@rendermill/shared/adapters/spool/journal';
import type { LedgerJob } from '@rendermill/shared/adapters/redis/job-codec';
import type { RestoredJob } from '@rendermill/shared/adapters/redis/recovery-store';
import { errorBody, RendermillError } from '@rendermill/shared/domain/errors';
import { isTerminal, type Job } from '@rendermill/shared/domain/job';
import { readJobDocument } from '@rendermill/shared/domain/job-document';
import { jobFolder, recordKey } from '@rendermill/shared/domain/object-keys';
import { queuedJob } from '@rendermill/shared/domain/queued-job';
import { route } from '@rendermill/shared/domain/routing-class';
import { readText } from '../use-cases/read-text.js';
import type { RecoveryDeps } from './deps.js';
import { imagesAt } from './found-images.js';
import { knownAttempts, openCheckpoints } from './known-attempts.js';

/** A job as its `job.json` tells it; null where there is none. Throws what is wrong with it. */
export async function recordedJob(deps: RecoveryDeps, key: string): Promise<Job | null> {
  const text = await readText(deps.storage, key);
  return text === null ? null : readJobDocument(text);
}

/** An ended job; pictures that the store refused and that wait in a spool are there for its retry. */
export function endedJob(job: Job, open: readonly OpenAttempt[]): RestoredJob {
  return { job: { ...job, checkpoints: openCheckpoints(job, open), flushed: false }, routing: null };
}

/** A job that a journal names: ended as its record says, or going on from what is stored, paid, or may have been paid. */
export async function journalledJob(
  deps: RecoveryDeps,
  { spec, inputs, mask }: JournalOrder,
  open: readonly OpenAttempt[],
): Promise<RestoredJob> {
  const generation = Math.max(...open.map(({ intent }) => intent.intent.generation));
  const recorded = await recordedJob(deps, recordKey(spec));
  if (recorded && isTerminal(recorded.status) && recorded.generation >= generation) return endedJob(recorded, open);
  const keys: string[] = [];
  for await (const { key } of deps.storage.list(`${jobFolder(spec.project, spec.id, spec.created_at)}/`))
    keys.push(key);
  const images = await imagesAt(deps, spec.id, keys);
  const stage = [...inputs, ...(mask ? [mask] : [])].some(({ key }) => key === null) ? 'prepare' : 'ready';
  const fresh = queuedJob(spec, { class_id: '', stage, inputs, mask });
  const job = { ...fresh, generation, run: (recorded?.run ?? 0) + 1, images: images.map(({ image }) => image) };
  const known = knownAttempts(deps, job, open, images);
  const before = (recorded?.attempts ?? []).filter(({ number }) => !known.some((attempt) => attempt.number === number));
  const attempts = [...before, ...known].sort((a, b) => a.number - b.number);
  return routed(deps, { ...job, attempts, checkpoints: openCheckpoints(job, open), flushed: false });
}

/** Where nobody serves it any more it has failed, and may be retried when somebody does. */
function routed(deps: RecoveryDeps, job: LedgerJob): RestoredJob {
  try {
    const { routing } = route([...deps.accounts.values()], job, deps.prefer);
    return { job: { ...job, class_id: routing.id }, routing };
  } catch (error) {
    if (!(error instanceof RendermillError)) throw error;
    return { job: { ...job, status: 'failed', error: errorBody(error), completed_at: Date.now() }, routing: null };
  }
}
