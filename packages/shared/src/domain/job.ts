import type { ErrorBody } from './errors.js';
import type { Attempt } from './attempts.js';
import type { EffectiveParameters, Usage } from './usage.js';
import type { JobInput, JobRequest, Operation } from './job-request.js';

export const jobStatuses = ['queued', 'in_progress', 'completed', 'failed', 'cancelled', 'expired'] as const;
export type JobStatus = (typeof jobStatuses)[number];

/** Which status may follow which. Out of a terminal status leads only a user's retry, into a new generation. */
export const transitions: Record<JobStatus, readonly JobStatus[]> = {
  queued: ['in_progress', 'cancelled', 'expired', 'failed'],
  // Back to queued: a wait, a retry after a safe failure, or a new owner after a crash.
  in_progress: ['queued', 'completed', 'failed', 'cancelled', 'expired'],
  completed: [],
  failed: ['queued'],
  cancelled: ['queued'],
  expired: ['queued'],
};

export function isTerminal(status: JobStatus): boolean {
  return status !== 'queued' && status !== 'in_progress';
}

export const priorities = ['low', 'normal', 'high'] as const;
export type Priority = (typeof priorities)[number];

/** `test` jobs reach the built-in simulator and nothing else. */
export type Mode = 'live' | 'test';

/** The line of a batch that a job was made from. */
export interface JobLine {
  /** From 1. */
  readonly number: number;
  readonly url: string;
  /** Its pictures are wanted as base64 in the output file. */
  readonly b64: boolean;
}

/** What is fixed when a job is made. */
export interface JobSpec {
  readonly id: string;
  readonly project: string;
  /** The API key that made it (its id, not the key). */
  readonly key_id: string;
  readonly mode: Mode;
  readonly type: Operation;
  readonly model: string;
  readonly batch_id: string | null;
  /** Of a batch's job: which line it is. */
  readonly line?: JobLine;
  readonly custom_id: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly priority: Priority;
  /** The account the user asked for, or null for any. */
  readonly provider: string | null;
  readonly request: JobRequest;
  /** sha256 of what is bought: type, model, request and inputs; stands in the metadata of every stored image. */
  readonly request_hash: string;
  readonly webhook_url: string | null;
  readonly on_unknown_outcome: 'retry' | 'fail';
  /** Unix seconds, or null; null too once a retry has come after it. */
  readonly deadline: number | null;
  /** Milliseconds since the epoch. */
  readonly created_at: number;
  /** Micro-dollars for all images at the cheapest eligible account, or null where the price is unknown. */
  readonly estimate: number | null;
  readonly request_id: string;
  /** W3C traceparent of the request, or of the batch that it is a line of, where they are traced. */
  readonly trace?: string;
  /** Set on the calls of a probe, which tries what an account takes: what is known of the account does not apply. */
  readonly probe?: ProbeMark;
}

/** Which call of which probe a job is, and the forms that it tries. */
export interface ProbeMark {
  readonly id: string;
  readonly step: string;
  readonly images_field?: 'image[]' | 'image';
  readonly edit_form?: 'multipart' | 'json';
  /** Null: not sent. */
  readonly response_format?: 'b64_json' | null;
}

/** What of a job was fixed when it was made. */
export function specOf(job: JobSpec): JobSpec {
  const { id, project, key_id, mode, type, model, batch_id, line, custom_id, metadata, priority, provider } = job;
  const {
    request,
    request_hash,
    webhook_url,
    on_unknown_outcome,
    deadline,
    created_at,
    estimate,
    request_id,
    trace,
    probe,
  } = job;
  const named = { id, project, key_id, mode, type, model, batch_id, ...(line ? { line } : {}), custom_id, metadata };
  const asked = { priority, provider, request, request_hash, webhook_url, on_unknown_outcome, deadline };
  return {
    ...named,
    ...asked,
    created_at,
    estimate,
    request_id,
    ...(trace === undefined ? {} : { trace }),
    ...(probe ? { probe } : {}),
  };
}

/** An image in storage. */
export interface StoredImage {
  readonly index: number;
  readonly key: string;
  readonly content_type: string;
  readonly width: number;
  readonly height: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly revised_prompt: string | null;
}

/** Where a job stands on its way: `prepare` has inputs to fetch, `ready` needs only a permit. */
export type Stage = 'prepare' | 'ready';

/** A job as the ledger holds it. Times in milliseconds since the epoch. */
export interface Job extends JobSpec {
  readonly status: JobStatus;
  readonly generation: number;
  readonly run: number;
  readonly fence: number;
  /** The worker that owns it while it is in progress, or null. */
  readonly worker: string | null;
  readonly stage: Stage;
  /** Routing class, see `routing.ts`. */
  readonly class_id: string;
  readonly started_at: number | null;
  readonly completed_at: number | null;
  /** When it may next be tried, where it waits. */
  readonly due_at: number | null;
  readonly cancel_requested: boolean;
  readonly inputs: readonly JobInput[];
  readonly mask: JobInput | null;
  readonly images: readonly StoredImage[];
  readonly attempts: readonly Attempt[];
  readonly usage: Usage | null;
  readonly effective: EffectiveParameters;
  readonly error: ErrorBody | null;
  /** How often this generation was tried again after a failure that cost nothing. */
  readonly tries: number;
  /** How often an owner of this generation died at it. */
  readonly crashes: number;
  /** Grows with every change; the ETag. */
  readonly version: number;
}

/** The indexes whose image is not stored yet. */
export function missingIndexes(job: Pick<Job, 'request' | 'images'>): number[] {
  const stored = new Set(job.images.map((image) => image.index));
  return Array.from({ length: job.request.n }, (_, index) => index).filter((index) => !stored.has(index));
}
