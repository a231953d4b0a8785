import { z } from 'zod';
import { jobStatuses, priorities } from '@rendermill/shared/domain/job';
import { filePurposes } from '@rendermill/shared/domain/files';

/** What answers look like: for the OpenAPI document, and for the tests that hold every answer against it. */
const seconds = z.int().describe('Unix seconds.');

export const errorSchema = z.object({
  error: z.object({ message: z.string(), type: z.string(), param: z.string().nullable(), code: z.string().nullable() }),
});

const storedInput = z.object({
  url: z.string().nullable(),
  stored_url: z.string().optional().describe('Signed link to the copy in your bucket, once there is one.'),
  key: z.string().nullable(),
  sha256: z.string().nullable(),
  bytes: z.int().nullable(),
  content_type: z.string().nullable(),
  width: z.int().nullable(),
  height: z.int().nullable(),
});

const usageSchema = z.object({
  input_tokens: z.int(),
  output_tokens: z.int(),
  total_tokens: z.int(),
  input_tokens_details: z.object({ text_tokens: z.int(), image_tokens: z.int() }).optional(),
  output_tokens_details: z.object({ text_tokens: z.int(), image_tokens: z.int() }).optional(),
});

export const jobError = z.object({
  message: z.string(),
  type: z.string(),
  param: z.string().nullable(),
  code: z.string(),
});

export const jobObject = z.object({
  id: z.string(),
  object: z.literal('job'),
  type: z.enum(['generation', 'edit', 'variation']).nullable().describe('null: a line of a batch that is no job yet.'),
  status: z.enum(jobStatuses),
  model: z.string().nullable().describe('null: likewise.'),
  batch_id: z.string().nullable(),
  line: z.int().nullable().optional().describe('Of a batch: which of its lines, from 1.'),
  custom_id: z.string().nullable(),
  metadata: z.record(z.string(), z.string()),
  priority: z.enum(priorities),
  generation: z.int().describe('1, and one more for each retry by the user.'),
  created_at: seconds,
  started_at: seconds.nullable(),
  completed_at: seconds.nullable(),
  deadline: seconds.nullable(),
  cancel_requested: z.boolean().optional(),
  request: z
    .looseObject({
      prompt: z.string().nullable(),
      n: z.int(),
      images: z.array(storedInput).optional(),
      mask: storedInput.optional(),
    })
    .nullable()
    .describe('Normalised parameters; no bytes, no secrets. null: a line of a batch that is no job.'),
  images: z.array(
    z.object({
      index: z.int(),
      key: z.string().describe('Object key in your bucket.'),
      url: z.string().describe('Signed link; works without a key until url_expires_at.'),
      url_expires_at: seconds,
      content_type: z.string(),
      width: z.int(),
      height: z.int(),
      bytes: z.int(),
      sha256: z.string().describe("Of the provider's bytes, which are stored untouched."),
      revised_prompt: z.string().nullable(),
      variants: z.array(
        z.object({
          name: z.string(),
          key: z.string().describe('Where it lies once it has been asked for.'),
          url: z.string(),
          content_type: z.string(),
          width: z.int(),
          height: z.int(),
          bytes: z.int().nullable(),
          sha256: z.string().nullable(),
        }),
      ),
    }),
  ),
  usage: usageSchema.nullable(),
  cost: z.object({
    currency: z.literal('USD'),
    estimated: z.number().nullable(),
    actual: z.number().nullable(),
    basis: z.enum(['per_image', 'tokens', 'table']).nullable(),
  }),
  provider: z.string().nullable(),
  probe: z
    .object({ id: z.string(), step: z.string() })
    .optional()
    .describe('Only on the calls of a probe: which, and which of its calls.'),
  paid_attempts: z.int().describe('Attempts that were or may have been billed.'),
  attempts: z.array(
    z.object({
      number: z.int(),
      generation: z.int(),
      provider: z.string(),
      started_at: seconds,
      ended_at: seconds.nullable(),
      outcome: z.enum(['not_sent', 'rejected', 'billed', 'unknown']).nullable(),
      http_status: z.int().nullable(),
      request_id: z.string().nullable(),
      error: jobError.nullable(),
      cost: z.number().nullable(),
      ignored_parameters: z.array(z.string()).optional(),
    }),
  ),
  error: jobError.nullable(),
});

export const fileObject = z.object({
  id: z.string(),
  object: z.literal('file'),
  bytes: z.int(),
  created_at: seconds,
  expires_at: seconds.nullable().describe('Null: it stays until it is deleted.'),
  filename: z.string(),
  purpose: z.enum(filePurposes),
  status: z.literal('processed'),
  status_details: z.null(),
});

export function listOf(item: z.ZodType): z.ZodType {
  return z.object({
    object: z.literal('list'),
    data: z.array(item),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
    has_more: z.boolean(),
  });
}

export const imagesResponse = z.object({
  created: seconds,
  data: z.array(
    z.object({ b64_json: z.string().optional(), url: z.string().optional(), revised_prompt: z.string().optional() }),
  ),
  background: z.string().optional(),
  output_format: z.string().optional(),
  quality: z.string().optional(),
  size: z.string().optional(),
  usage: usageSchema.optional(),
});

export const modelObject = z.object({
  id: z.string(),
  object: z.literal('model'),
  created: seconds,
  owned_by: z.string(),
  shutdown_date: z.string().nullable().describe('Day on which OpenAI stops serving it (UTC); a relay may go on.'),
  providers: z.array(z.string()),
});

export const readiness = z.object({
  status: z.enum(['ready', 'not_ready']),
  dependencies: z.record(z.string(), z.object({ status: z.enum(['up', 'down']), message: z.string().optional() })),
});
