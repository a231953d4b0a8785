import type { ErrorBody } from '@rendermill/shared/domain/errors';
import { errorBodyOf } from '@rendermill/shared/domain/errors';
import type { Job } from '@rendermill/shared/domain/job';
import type { JobEnd, Outcome } from '@rendermill/shared/domain/outcome';
import { effectiveOf, usageOf } from '@rendermill/shared/domain/job-results';

/** The ways in which a job ends. */

function finish(job: Job, status: JobEnd['status'], error: ErrorBody | null): Outcome {
  return { kind: 'finish', end: { status, usage: usageOf(job), effective: effectiveOf(job), error } };
}

export function completed(job: Job): Outcome {
  return finish(job, 'completed', null);
}

export function failed(job: Job, error: ErrorBody): Outcome {
  return finish(job, 'failed', error);
}

export function cancelled(job: Job): Outcome {
  const kept = job.images.length > 0 ? ' What was paid is kept.' : '';
  return finish(job, 'cancelled', errorBodyOf('cancelled', `The job was cancelled.${kept}`));
}

export function expired(job: Job): Outcome {
  return finish(job, 'expired', errorBodyOf('deadline_exceeded', 'The deadline passed before the job was done.'));
}

export function crashed(job: Job): Outcome {
  return failed(
    job,
    errorBodyOf('worker_crash', `Working on this job ended ${job.crashes} workers; it is not tried again.`),
  );
}
