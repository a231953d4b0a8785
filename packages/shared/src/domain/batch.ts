import type { LineCost } from './batch-cost.js';
import type { ErrorBody } from './errors.js';
import type { Mode, Priority } from './job.js';

/** Many jobs submitted together: a stored file of lines, each of which becomes a job while its turn has come. */

export const batchStatuses = [
  'validating',
  'failed',
  'in_progress',
  'finalizing',
  'completed',
  'expired',
  'cancelling',
  'cancelled',
] as const;
export type BatchStatus = (typeof batchStatuses)[number];

export function isEnded(status: BatchStatus): boolean {
  return status === 'failed' || status === 'completed' || status === 'expired' || status === 'cancelled';
}

/** Where a batch's lines come from. Whatever it is, the worker makes one JSONL of it: `input.jsonl`. */
export type BatchSource =
  /** A file of OpenAI's batch lines. */
  | { readonly kind: 'jsonl'; readonly key: string }
  /** The same objects, sent with the batch; they lie in `input.jsonl` from the beginning. */
  | { readonly kind: 'requests' }
  /** A catalogue and its template. */
  | { readonly kind: 'csv'; readonly key: string; readonly options: Readonly<Record<string, unknown>> };

/** The routes that a line may go to. */
export const batchEndpoints = ['/v1/images/generations', '/v1/images/edits', '/v1/images/variations'] as const;
export type BatchEndpoint = (typeof batchEndpoints)[number];

/** What is fixed when a batch is made. */
export interface BatchSpec {
  readonly id: string;
  readonly project: string;
  readonly key_id: string;
  readonly mode: Mode;
  readonly source: BatchSource;
  readonly input_file_id: string | null;
  /** Enforced on every line where it is given. */
  readonly endpoint: BatchEndpoint | null;
  readonly completion_window: string;
  readonly metadata: Readonly<Record<string, string>> | null;
  readonly priority: Priority;
  readonly on_unknown_outcome: 'retry' | 'fail';
  /** Micro-dollars, or null. */
  readonly max_cost: number | null;
  /** Unix seconds, or null. */
  readonly deadline: number | null;
  /** How long output and error file stay, in seconds, or null for the default. */
  readonly output_ttl: number | null;
  readonly webhook_url: string | null;
  /** Base of the links in its output file: the address at which it was submitted. */
  readonly public_url: string;
  /** Milliseconds since the epoch. */
  readonly created_at: number;
  readonly request_id: string;
  /** W3C traceparent of the request, where it is traced. */
  readonly trace?: string;
}

export function specOfBatch(batch: BatchSpec): BatchSpec {
  const { id, project, key_id, mode, source, input_file_id, endpoint, completion_window, metadata, priority } = batch;
  const { on_unknown_outcome, max_cost, deadline, output_ttl, webhook_url, public_url, created_at, request_id, trace } =
    batch;
  const asked = { source, input_file_id, endpoint, completion_window, metadata, priority, on_unknown_outcome };
  const bounds = { max_cost, deadline, output_ttl, webhook_url, public_url };
  return {
    id,
    project,
    key_id,
    mode,
    ...asked,
    ...bounds,
    created_at,
    request_id,
    ...(trace === undefined ? {} : { trace }),
  };
}

/** A structural fault of the input, as OpenAI's batch object lists them. */
export interface BatchFault {
  readonly code: string;
  readonly message: string;
  readonly param: string | null;
  /** From 1, or null where it is about the whole. */
  readonly line: number | null;
}

/** Why lines that were never begun are not to be. */
export type RestReason = 'batch_expired' | 'batch_cancelled' | 'budget_exceeded';

/** A batch as the ledger holds it. Times in milliseconds since the epoch; money in micro-dollars. */
export interface Batch extends BatchSpec {
  readonly status: BatchStatus;
  /** Grows with each retry. */
  readonly generation: number;
  /** Lines of the input, known once it is validated. */
  readonly total: number;
  /** Lines that have been begun, from the first on. */
  readonly cursor: number;
  /** Byte of `input.jsonl` at which the line after the cursor begins. */
  readonly offset: number;
  /** Up to this line some beyond the cursor have been begun too: the batch was rebuilt after Redis was lost. 0: none. */
  readonly gaps: number;
  /** Lines that are jobs now. */
  readonly open: number;
  /** Lines to be run again by a retry. */
  readonly again: number;
  readonly completed: number;
  /** Expired lines among them. */
  readonly failed: number;
  readonly cancelled: number;
  readonly paused_at: number | null;
  /** When it came into each status. */
  readonly times: Partial<Record<BatchStatus, number>>;
  readonly errors: readonly BatchFault[];
  readonly rest: RestReason | null;
  /** A retry runs lines of before: `rest` is for those that were never begun. */
  readonly rest_kept: boolean;
  /** The error code of the lines that a retry is for, '' for all, while they are being found; null where none is. */
  readonly retry: string | null;
  readonly output_file_id: string | null;
  readonly error_file_id: string | null;
  readonly cost: BatchCost;
  /** Model of the lines, where they agree so far. */
  readonly model: string | null;
  readonly usage: { readonly input_tokens: number; readonly output_tokens: number; readonly total_tokens: number };
  /** Lines that ended at two moments: what its rate is measured by. */
  readonly pace: readonly { readonly at: number; readonly done: number }[];
  /** Since when (ms) a line's record waits for the part that will have it; null where none does. */
  readonly unflushed_since: number | null;
  /** Grows with every change. */
  readonly version: number;
}

export interface BatchCost {
  /** Expected of the lines begun so far; null as soon as one has no known price. */
  readonly estimated: number | null;
  /** Lines that this estimate is of. */
  readonly begun: number;
  /** Of what is expected, that of the lines that are jobs now. */
  readonly reserved: number;
  /** Null as soon as one possibly billed attempt has no known price. */
  readonly actual: number | null;
  /** Attempts that were possibly billed beyond the first of their call, and what they cost. */
  readonly twice: { readonly attempts: number; readonly cost: number | null };
}

/** Lines that have ended. */
export function linesDone(batch: Pick<Batch, 'completed' | 'failed' | 'cancelled'>): number {
  return batch.completed + batch.failed + batch.cancelled;
}

/** Lines that are or were to be jobs: none of a batch that failed its validation. */
export function linesToRun({ status, total }: Pick<Batch, 'status' | 'total'>): number {
  return status === 'failed' ? 0 : total;
}

/** The states of a line, four bits each. */
export const lineState = { waiting: 0, open: 1, completed: 2, failed: 3, cancelled: 4, expired: 5, again: 6 } as const;

/** The job of a line: found without an index, and the same over every crash. */
export function lineJobId(batchId: string, line: number): string {
  return `job_${batchId.slice('batch_'.length)}-${line}`;
}

/** Batch and line of such a job, or null for a job that is none. */
export function lineOfJob(jobId: string): { readonly batch: string; readonly line: number } | null {
  const match = /^job_([0-9A-Za-z]{22})-([1-9]\d{0,6})$/.exec(jobId);
  return match ? { batch: `batch_${match[1]}`, line: Number(match[2]) } : null;
}

export const maxBatchLines = 1_000_000;

/** What an ended line leaves behind: a row of the manifest, from which output and error file are made. */
export interface LineRecord {
  readonly line: number;
  readonly custom_id: string;
  readonly generation: number;
  readonly url: string;
  /** The line wants its pictures as base64 in the output file. */
  readonly b64: boolean;
  readonly status: 'completed' | 'failed' | 'cancelled' | 'expired';
  /** Milliseconds since the epoch. */
  readonly ended_at: number;
  /** The job as it ended, with its pictures; null where the line could not become one. */
  readonly job: Readonly<Record<string, unknown>> | null;
  /** What it added to its batch's books, in micro-dollars; absent where it was no job. */
  readonly cost?: LineCost;
  readonly error: ErrorBody | null;
}
