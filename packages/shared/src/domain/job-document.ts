import { z } from 'zod';
import type { Attempt } from './attempts.js';
import type { Job, JobSpec, ProbeMark, StoredImage } from './job.js';
import { jobStatuses, priorities } from './job.js';
import type { JobInput, JobRequest } from './job-request.js';
import { presentJob } from './present-job.js';

/**
 * `job.json`: the job as its owner sees it, and under `ledger` what the ledger knows beside that: with it an ended job is
 * rebuilt as it was, but for its webhook's URL and the query of its inputs' URLs, which may be secrets.
 */
export function jobDocument(job: Job): Record<string, unknown> {
  const { key_id, mode, provider, on_unknown_outcome, request_id, estimate, probe, effective, attempts, version } = job;
  const { created_at, started_at, completed_at, run, fence } = job;
  const times = { created_at, started_at, completed_at };
  const spec = { key_id, mode, provider, on_unknown_outcome, request_id, estimate, ...(probe ? { probe } : {}) };
  return {
    ...presentJob(job),
    project: job.project,
    request_hash: job.request_hash,
    ledger: { ...spec, ...times, run, fence, version, effective, attempts },
  };
}

/** Written by us: what decides is checked, the rest is taken as it stands. */
const written = <T>() => z.custom<T>((value) => typeof value === 'object' && value !== null);

const documentSchema = z.object({
  id: z.string().regex(/^job_[0-9A-Za-z]{22}$/),
  project: z.string().min(1),
  type: z.enum(['generation', 'edit', 'variation']),
  status: z.enum(jobStatuses),
  model: z.string(),
  custom_id: z.string().nullable(),
  metadata: z.record(z.string(), z.string()),
  priority: z.enum(priorities),
  generation: z.int().min(1),
  deadline: z.number().nullable(),
  request: z.looseObject({ images: z.array(written<JobInput>()).optional(), mask: written<JobInput>().optional() }),
  request_hash: z.string(),
  images: z.array(
    z.object({
      index: z.int().min(0),
      key: z.string(),
      content_type: z.string(),
      width: z.number(),
      height: z.number(),
      bytes: z.number(),
      sha256: z.string(),
      revised_prompt: z.string().nullable(),
    }),
  ),
  usage: written<NonNullable<Job['usage']>>().nullable(),
  error: written<NonNullable<Job['error']>>().nullable(),
  ledger: z.object({
    key_id: z.string(),
    mode: z.enum(['live', 'test']),
    provider: z.string().nullable(),
    on_unknown_outcome: z.enum(['retry', 'fail']),
    request_id: z.string(),
    estimate: z.number().nullable(),
    probe: written<ProbeMark>().exactOptional(),
    created_at: z.number(),
    started_at: z.number().nullable(),
    completed_at: z.number().nullable(),
    run: z.int(),
    fence: z.int(),
    version: z.int(),
    effective: written<Job['effective']>(),
    attempts: z.array(written<Attempt>()),
  }),
});

/** The job that a `job.json` tells of. Throws what is wrong with it. */
export function readJobDocument(text: string): Job {
  const { ledger, request, ...job } = documentSchema.parse(JSON.parse(text));
  const { images: inputs = [], mask = null, ...parameters } = request;
  const { run, fence, version, effective, attempts, started_at, completed_at, ...more } = ledger;
  const spec: JobSpec = {
    id: job.id,
    project: job.project,
    type: job.type,
    model: job.model,
    batch_id: null,
    custom_id: job.custom_id,
    metadata: job.metadata,
    priority: job.priority,
    deadline: job.deadline,
    request_hash: job.request_hash,
    request: parameters as unknown as JobRequest,
    webhook_url: null,
    ...more,
  };
  return {
    ...spec,
    status: job.status,
    generation: job.generation,
    images: job.images satisfies StoredImage[],
    usage: job.usage,
    error: job.error,
    inputs,
    mask,
    run,
    fence,
    version,
    effective,
    attempts,
    started_at,
    completed_at,
    worker: null,
    stage: 'ready',
    class_id: '',
    due_at: null,
    cancel_requested: false,
    tries: 0,
    crashes: 0,
  };
}
