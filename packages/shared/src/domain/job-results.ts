import { missingIndexes, type Job } from './job.js';
import type { EffectiveParameters, Usage } from './usage.js';

/** What a job made, as its attempts tell. */

/** True where every picture is in the bucket: the job may still be busy with its record. */
export function isRendered(job: Job): boolean {
  return job.status === 'completed' || (job.status === 'in_progress' && missingIndexes(job).length === 0);
}

/** Tokens over all answers that gave pictures, as far as the provider counted. */
export function usageOf(job: Pick<Job, 'attempts'>): Usage | null {
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

/** What the last answer that was paid says it did. */
export function effectiveOf(job: Pick<Job, 'attempts'>): EffectiveParameters {
  return job.attempts.findLast(({ settlement }) => settlement?.outcome === 'billed')?.settlement?.effective ?? {};
}
