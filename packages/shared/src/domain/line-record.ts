import { lineCost } from './batch-cost.js';
import type { LineRecord } from './batch.js';
import type { Job } from './job.js';
import { presentJob } from './present-job.js';

/** What an ended job of a batch's line leaves behind: its record, and what it adds to the batch's books. */
export interface LineEnd {
  readonly record: LineRecord;
  readonly cost: Readonly<Record<string, unknown>>;
}

/** Null for a job that is no line's. */
export function lineEnd(job: Job): LineEnd | null {
  const { line, custom_id } = job;
  if (!line) return null;
  const { input_tokens = 0, output_tokens = 0, total_tokens = 0 } = job.usage ?? {};
  const usage = { input_tokens, output_tokens, total_tokens };
  // Those of earlier generations were counted when they ended.
  const cost = lineCost(job.attempts.filter(({ generation }) => generation === job.generation));
  const record: LineRecord = {
    line: line.number,
    custom_id: custom_id ?? '',
    generation: job.generation,
    url: line.url,
    b64: line.b64,
    status: job.status as LineRecord['status'],
    ended_at: job.completed_at ?? Date.now(),
    job: {
      ...presentJob(job),
      project: job.project,
      request_id: job.request_id,
      request_hash: job.request_hash,
      effective: job.effective,
    },
    cost,
    error: job.error,
  };
  return { record, cost: { ...cost, reserved: job.estimate ?? 0, usage } };
}
