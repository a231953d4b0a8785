import type { ErrorBody } from '@rendermill/shared/domain/errors';
import { errorBodyOf } from '@rendermill/shared/domain/errors';
import type { Job } from '@rendermill/shared/domain/job';
import type { JobEnd, Outcome } from '@rendermill/shared/domain/outcome';
import type { EffectiveParameters, Usage } from '@rendermill/shared/domain/usage';

/** The ways in which a job ends. */

function finish(job: Job, status: JobEnd['status'], error: ErrorBody | null): Outcome {
  return { kind: 'finish', end: { status, usage: totalUsage(job), effective: effective(job), error } };
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

/** Tokens over all answers that gave pictures, as far as the provider counted. */
function totalUsage(job: Job): Usage | null {
  const counted = job.attempts.flatMap(({ settlement }) => (settlement?.usage ? [settlement.usage] : []));
  if (counted.length === 0) return null;
  const sum = (pick: (usage: Usage) => number): number => counted.reduce((total, usage) => total + pick(usage), 0);
  return {
    input_tokens: sum((usage) => usage.input_tokens),
    output_tokens: sum((usage) => usage.output_tokens),
    total_tokens: sum((usage) => usage.total_tokens),
    input_tokens_details: {
      text_tokens: sum((usage) => usage.input_tokens_details?.text_tokens ?? 0),
      image_tokens: sum((usage) => usage.input_tokens_details?.image_tokens ?? 0),
    },
  };
}

function effective(job: Job): EffectiveParameters {
  return job.attempts.findLast(({ settlement }) => settlement?.outcome === 'billed')?.settlement?.effective ?? {};
}
