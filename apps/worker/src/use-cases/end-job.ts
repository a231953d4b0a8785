import { attemptKey } from '@rendermill/shared/adapters/spool/journal';
import { spent } from '@rendermill/shared/domain/attempts';
import type { Job } from '@rendermill/shared/domain/job';
import { recordKey } from '@rendermill/shared/domain/object-keys';
import type { JobEnd } from '@rendermill/shared/domain/outcome';
import { presentJob } from '@rendermill/shared/domain/present-job';
import { StorageError } from '@rendermill/shared/ports/storage';
import type { WorkerDeps } from '../deps.js';
import { keepStoring } from './keep-storing.js';

/**
 * Ends a job: its record into the bucket, then status, counters and event in one script. Answers false where another
 * worker owns it by now; then nothing was published.
 */
export async function endJob(deps: WorkerDeps, job: Job, end: JobEnd): Promise<boolean> {
  // Attempts as the ledger has them, for a zombie may have told more about an older one.
  const latest = (await deps.ledger.read(job.id)) ?? job;
  const ended = { ...latest, ...end, fence: job.fence, completed_at: Date.now() };
  await writeRecord(deps, ended);
  if (!(await deps.ledger.finish(ended, end))) {
    deps.log.warn({ job: job.id, fence: job.fence }, 'job.fenced');
    return false;
  }
  await closeAttempts(deps, ended);
  report(deps, ended);
  return true;
}

/** `job.json`: what was made, for whom, from what and for how much. A completed job waits for it; others do not hang on the store. */
async function writeRecord(deps: WorkerDeps, job: Job): Promise<void> {
  const record = Buffer.from(
    `${JSON.stringify({ ...presentJob(job), project: job.project, request_hash: job.request_hash }, null, 2)}\n`,
  );
  const put = async (): Promise<void> => deps.storage.put(recordKey(job), record, 'application/json');
  if (job.status === 'completed') return keepStoring(deps, recordKey(job), put);
  try {
    await put();
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    deps.log.warn({ error, job: job.id }, 'record.not_written');
  }
}

/** The spool forgets what is stored; what the store refused stays for a retry. */
async function closeAttempts(deps: WorkerDeps, job: Job): Promise<void> {
  if (job.error?.code === 'storage_denied') return;
  for (const attempt of job.attempts) {
    if (attempt.worker !== deps.worker || attempt.generation !== job.generation) continue;
    const key = attemptKey(job.id, attempt.generation, attempt.number);
    await deps.spool.discard(`${key}-`);
    await deps.spool.journal.close(key);
  }
}

function report(deps: WorkerDeps, job: Job): void {
  deps.metrics.jobs.inc({ status: job.status });
  deps.log.info(
    {
      job: job.id,
      project: job.project,
      custom_id: job.custom_id,
      type: job.type,
      model: job.model,
      status: job.status,
      generation: job.generation,
      images: job.images.length,
      bytes: job.images.reduce((sum, image) => sum + image.bytes, 0),
      attempts: job.attempts.length,
      cost_micros: spent(job.attempts),
      queued_ms: (job.started_at ?? Date.now()) - job.created_at,
      total_ms: Date.now() - job.created_at,
      ...(job.error ? { code: job.error.code, message: job.error.message } : {}),
    },
    'job.finished',
  );
}
