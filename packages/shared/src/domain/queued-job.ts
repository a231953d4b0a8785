import type { Job, JobSpec, Stage } from './job.js';
import type { JobInput } from './job-request.js';

/** What a new job brings beside its spec. */
export interface JobStart {
  readonly class_id: string;
  readonly stage: Stage;
  readonly inputs: readonly JobInput[];
  readonly mask: JobInput | null;
}

/** A job as the ledger holds it the moment it is written: what can be said of it without reading it. */
export function queuedJob(spec: JobSpec, start: JobStart): Job {
  return {
    ...spec,
    ...start,
    status: 'queued',
    generation: 1,
    run: 1,
    fence: 0,
    worker: null,
    started_at: null,
    completed_at: null,
    due_at: null,
    cancel_requested: false,
    images: [],
    attempts: [],
    usage: null,
    effective: {},
    error: null,
    tries: 0,
    crashes: 0,
    version: 1,
  };
}
