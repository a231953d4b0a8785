import { z } from 'zod';
import { batchEndpoints, batchStatuses, specOfBatch, type Batch, type BatchSpec } from './batch.js';
import { filePurposes, type FileRecord } from './files.js';
import { priorities } from './job.js';

/**
 * `batch.json`: what a batch is, as submitted, and in `state` how it stood when something was decided about it: paused,
 * resumed, cancelled, to be run again, ended. With input, parts and images it is enough to rebuild the batch.
 */
const whole = z.int().min(0);
const micros = z.number().nullable();

const specSchema = z.object({
  id: z.string().regex(/^batch_[0-9A-Za-z]{22}$/),
  project: z.string().min(1),
  key_id: z.string(),
  mode: z.enum(['live', 'test']),
  source: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('jsonl'), key: z.string() }),
    z.object({ kind: z.literal('requests') }),
    z.object({ kind: z.literal('csv'), key: z.string(), options: z.record(z.string(), z.unknown()) }),
  ]),
  input_file_id: z.string().nullable(),
  endpoint: z.enum(batchEndpoints).nullable(),
  completion_window: z.string(),
  metadata: z.record(z.string(), z.string()).nullable(),
  priority: z.enum(priorities),
  on_unknown_outcome: z.enum(['retry', 'fail']),
  max_cost: micros,
  deadline: z.number().nullable(),
  output_ttl: z.number().nullable(),
  webhook_url: z.string().nullable(),
  public_url: z.string(),
  created_at: z.number(),
  request_id: z.string(),
});

const stateSchema = z.object({
  status: z.enum(batchStatuses),
  generation: z.int().min(1),
  total: whole,
  cursor: whole,
  offset: whole,
  gaps: whole,
  again: whole,
  completed: whole,
  failed: whole,
  cancelled: whole,
  paused_at: z.number().nullable(),
  times: z.partialRecord(z.enum(batchStatuses), z.number()),
  errors: z.array(
    z.object({ code: z.string(), message: z.string(), param: z.string().nullable(), line: z.number().nullable() }),
  ),
  rest: z.enum(['batch_expired', 'batch_cancelled', 'budget_exceeded']).nullable(),
  rest_kept: z.boolean(),
  /** The error code of the lines that this generation is for, '' for all; null in the first. */
  retry: z.string().nullable(),
  output_file_id: z.string().nullable(),
  error_file_id: z.string().nullable(),
  cost: z.object({
    estimated: micros,
    begun: whole,
    reserved: z.number(),
    actual: micros,
    twice: z.object({ attempts: whole, cost: micros }),
  }),
  model: z.string().nullable(),
  usage: z.object({ input_tokens: z.number(), output_tokens: z.number(), total_tokens: z.number() }),
  /** Byte offsets of every so-manieth line. */
  index: z.array(whole),
  /** Output and error files of all its generations. */
  files: z.array(
    z.object({
      id: z.string(),
      project: z.string(),
      key: z.string(),
      bytes: whole,
      filename: z.string(),
      purpose: z.enum(filePurposes),
      created_at: z.number(),
      expires_at: z.number().nullable(),
    }),
  ),
});

const documentSchema = specSchema.extend({ state: stateSchema.nullish() });

export type BatchState = z.output<typeof stateSchema>;

export interface BatchDocument {
  readonly spec: BatchSpec;
  /** Null for a batch of which nothing was decided since it was submitted. */
  readonly state: BatchState | null;
}

/** Throws what is wrong with it. */
export function readBatchDocument(text: string): BatchDocument {
  const { state, ...spec } = documentSchema.parse(JSON.parse(text));
  return { spec, state: state ?? null };
}

/** `retry`: see {@link BatchState}. */
export function batchDocument(
  batch: Batch,
  beside: { readonly index: readonly number[]; readonly files: readonly FileRecord[]; readonly retry: string | null },
): Record<string, unknown> {
  const { status, generation, total, cursor, offset, gaps, again, completed, failed, cancelled, times } = batch;
  const { errors, paused_at, rest, rest_kept, output_file_id, error_file_id, cost, model, usage } = batch;
  const counts = { total, cursor, offset, gaps, again, completed, failed, cancelled };
  const decided = { status, generation, paused_at, rest, rest_kept, times, errors };
  const state = { ...decided, ...counts, output_file_id, error_file_id, cost, model, usage, ...beside };
  return { ...specOfBatch(batch), state };
}
