import type { LedgerJob } from '@rendermill/shared/adapters/redis/job-codec';
import { attemptKey } from '@rendermill/shared/adapters/spool/journal';
import { spent } from '@rendermill/shared/domain/attempts';
import { isTerminal, type Job } from '@rendermill/shared/domain/job';
import { jobDocument } from '@rendermill/shared/domain/job-document';
import { recordKey } from '@rendermill/shared/domain/object-keys';
import type { JobEnd } from '@rendermill/shared/domain/outcome';
import { StorageError } from '@rendermill/shared/ports/storage';
import type { WorkerDeps } from '../deps.js';
import { storageFailure } from './collect-results.js';
import { keepStoring } from './keep-storing.js';
import { countsUnrecorded } from './on-record.js';

/**
 * Ends a job: its record into the bucket, then status, counters and event in one script. Answers false where another
 * worker owns it by now; then nothing was published.
 */
export async function endJob(deps: WorkerDeps, job: Job, end: JobEnd): Promise<boolean> {
  // Images and attempts as the ledger has them, for others may have told more about older ones.
  const latest = await deps.ledger.read(job.id);
  if (!latest || latest.fence !== job.fence || latest.status !== 'in_progress') return fenced(deps, job);
  const ended = await writeRecord(deps, { ...latest, ...end, completed_at: Date.now() });
  if (!(await deps.ledger.finish(ended, { ...end, status: ended.status as JobEnd['status'], error: ended.error }))) {
    await restoreRecord(deps, job.id);
    return fenced(deps, job);
  }
  await closeAttempts(deps, ended);
  if (ended.probe) await deps.signals.wake('probe');
  report(deps, ended);
  return true;
}

function fenced(deps: WorkerDeps, { id, fence }: Job): false {
  deps.log.warn({ job: id, fence }, 'job.fenced');
  return false;
}

/**
 * Writes the record, and answers the job as it then ends: completed only with its record in the bucket, which is
 * waited for. Where the store refuses it, the job fails with its pictures kept. Other ends do not hang on the store.
 */
async function writeRecord(deps: WorkerDeps, job: LedgerJob): Promise<LedgerJob> {
  // A line's record goes into a part of its batch's manifest.
  if (job.line) return job;
  if (job.status === 'completed') {
    try {
      await keepStoring(deps, recordKey(job), async () => putRecord(deps, job));
      return job;
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      return writeRecord(deps, { ...job, status: 'failed', error: storageFailure(error) });
    }
  }
  try {
    await putRecord(deps, job);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    deps.log.warn({ error, job: job.id }, 'record.not_written');
  }
  return job;
}

/** Another owner ended the job while we wrote: what stands in the bucket is its end, not ours. */
async function restoreRecord(deps: WorkerDeps, id: string): Promise<void> {
  const job = await deps.ledger.read(id);
  if (job && !job.line && isTerminal(job.status))
    await keepStoring(deps, recordKey(job), async () => putRecord(deps, job));
}

/** `job.json`: what was made, for whom, from what and for how much. */
async function putRecord(deps: WorkerDeps, job: Job): Promise<void> {
  const record = Buffer.from(`${JSON.stringify(jobDocument(job), null, 2)}\n`);
  await deps.storage.put(recordKey(job), record, 'application/json');
}

/** The spool forgets what is stored; what the store refused stays for a retry. */
async function closeAttempts(deps: WorkerDeps, job: LedgerJob): Promise<void> {
  for (const attempt of job.attempts) {
    if (attempt.worker !== deps.worker || job.checkpoints.has(attempt.number)) continue;
    const key = attemptKey(job.id, attempt.generation, attempt.number);
    if (!deps.spool.journal.open.has(key)) continue;
    await deps.spool.discard(`${key}-`);
    // What a line that came to nothing may have cost stays until its record is flushed.
    if (!countsUnrecorded(job, attempt)) deps.spool.journal.close(key);
  }
}

function report(deps: WorkerDeps, job: Job): void {
  deps.metrics.jobs.inc({ status: job.status });
  deps.metrics.jobSeconds.observe({ status: job.status }, (Date.now() - job.created_at) / 1_000);
  deps.log.info(
    {
      job: job.id,
      project: job.project,
      key: job.key_id,
      request_id: job.request_id,
      ...(job.batch_id === null ? {} : { batch: job.batch_id, line: job.line?.number }),
      custom_id: job.custom_id,
      provider: job.attempts.at(-1)?.provider ?? null,
      type: job.type,
      model: job.model,
      status: job.status,
      generation: job.generation,
      images: job.images.length,
      bytes: job.images.reduce((sum, image) => sum + image.bytes, 0),
      attempts: job.attempts.length,
      tries: job.tries,
      cost_micros: spent(job.attempts),
      queued_ms: (job.started_at ?? Date.now()) - job.created_at,
      total_ms: Date.now() - job.created_at,
      ...(job.error ? { code: job.error.code, param: job.error.param } : {}),
    },
    'job.finished',
  );
}
