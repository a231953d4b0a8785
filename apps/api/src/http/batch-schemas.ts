import { z } from 'zod';
import { batchEndpoints, batchStatuses } from '@rendermill/shared/domain/batch';
import { priorities } from '@rendermill/shared/domain/job';
import { bounds } from '../use-cases/batch-bound.js';

/** What answers about batches look like. */
const seconds = z.int().describe('Unix seconds.');
const usd = z.number().nullable().describe('USD; null: not known.');

export const batchObject = z.object({
  id: z.string(),
  object: z.literal('batch'),
  endpoint: z.enum(batchEndpoints).nullable().describe('null: lines name their own.'),
  model: z.string().nullable().describe('Of the lines begun so far, where they agree.'),
  errors: z
    .object({
      object: z.literal('list'),
      data: z.array(
        z.object({
          code: z.string(),
          message: z.string(),
          param: z.string().nullable(),
          line: z.int().nullable().describe('From 1.'),
        }),
      ),
    })
    .nullable()
    .describe('Why a batch failed its validation; nothing of it was paid.'),
  input_file_id: z.string().nullable(),
  completion_window: z.string(),
  status: z.enum(batchStatuses),
  output_file_id: z.string().nullable(),
  error_file_id: z.string().nullable(),
  created_at: seconds,
  in_progress_at: seconds.nullable(),
  expires_at: seconds.describe(
    'The deadline; without one 24 hours after its creation, as OpenAI shows it, and it does not expire then.',
  ),
  finalizing_at: seconds.nullable(),
  completed_at: seconds.nullable(),
  failed_at: seconds.nullable(),
  expired_at: seconds.nullable(),
  cancelling_at: seconds.nullable(),
  cancelled_at: seconds.nullable(),
  request_counts: z.object({
    total: z.int(),
    completed: z.int(),
    failed: z.int().describe('Expired ones among them.'),
    cancelled: z.int(),
  }),
  usage: z.object({
    input_tokens: z.int(),
    input_tokens_details: z.object({ cached_tokens: z.int() }),
    output_tokens: z.int(),
    output_tokens_details: z.object({ reasoning_tokens: z.int() }),
    total_tokens: z.int(),
  }),
  metadata: z.record(z.string(), z.string()).nullable(),
  generation: z.int().describe('1, and one more for each retry.'),
  priority: z.enum(priorities),
  deadline: seconds.nullable(),
  on_unknown_outcome: z.enum(['retry', 'fail']),
  max_cost: usd,
  cost: z.object({
    currency: z.literal('USD'),
    estimated: usd.describe('Of all lines, by those begun so far.'),
    actual: usd.describe('Spent on the lines that have ended.'),
    possibly_billed_twice: z
      .object({ attempts: z.int(), cost: usd })
      .describe('Attempts that were or may have been billed beyond the first of their call.'),
  }),
  paused_at: seconds.nullable(),
  progress: z.number().describe('0 to 1: the share of the lines that have ended.'),
  eta_seconds: z
    .int()
    .nullable()
    .describe('At the rate of the last while; null: too few lines have ended to tell, it is paused, or it is over.'),
  bound_by: z.enum(bounds).nullable().describe('What keeps it from going faster now.'),
});

/** A line that has ended, as `/results` and `/events` tell of it. */
export const resultObject = z.object({
  line: z.int().describe('From 1.'),
  custom_id: z.string(),
  status: z.enum(['completed', 'failed', 'cancelled', 'expired']),
  job_id: z.string(),
  generation: z.int(),
  ended_at: seconds,
  images: z.array(
    z.object({
      index: z.int(),
      key: z.string(),
      url: z.string(),
      url_expires_at: seconds,
      content_type: z.string(),
      width: z.int(),
      height: z.int(),
      bytes: z.int(),
      sha256: z.string(),
      revised_prompt: z.string().nullable(),
    }),
  ),
  error: z.object({ code: z.string(), message: z.string(), param: z.string().nullable() }).nullable(),
  cost: z.object({ currency: z.literal('USD'), actual: usd, paid_attempts: z.int() }),
});
