import { z } from 'zod';
import { catalogueOptions, catalogueTemplate, csvOptions } from '@rendermill/shared/catalogue/options';
import { batchEndpoints } from '@rendermill/shared/domain/batch';

/** `POST /v1/batches`: OpenAI's body, and ours beyond it. */

const endpoints = batchEndpoints.join(', ');

const fields = {
  input_file_id: z.string().max(64).nullish().describe("A file of purpose 'batch': JSONL, or CSV with a template."),
  requests: z
    .array(z.unknown())
    .min(1, 'has at least one request')
    .max(1_000, 'takes at most 1000 requests; send more as a file (POST /v1/files, purpose batch)')
    .nullish()
    .describe('The lines themselves, instead of a file: at most 1000.'),
  endpoint: z
    .enum(batchEndpoints, { error: `is one of ${endpoints}` })
    .nullish()
    .describe('Enforced on every line; without it lines may mix.'),
  completion_window: z.literal('24h', { error: "is '24h'; set `deadline` to end a batch" }).default('24h'),
  metadata: z
    .record(z.string().min(1).max(64), z.string().max(512))
    .refine((pairs) => Object.keys(pairs).length <= 16, 'takes at most 16 pairs')
    .nullish(),
  output_expires_after: z
    .strictObject({ anchor: z.literal('created_at'), seconds: z.int().min(3_600).max(2_592_000) })
    .nullish()
    .describe('Life of output and error file; 30 days by default.'),
  template: catalogueTemplate.nullish().describe('Of a CSV: the fields of a job, in Liquid.'),
  csv: csvOptions.nullish().describe('Of a CSV: encoding and delimiter, where they are known.'),
  group_by: catalogueOptions.shape.group_by.nullish(),
  webhook_url: z.string().max(2_048).nullish(),
  priority: z
    .enum(['low', 'normal'], { error: "is 'low' or 'normal': 'high' is for single jobs" })
    .nullish()
    .describe("'low' by default."),
  max_cost: z.number().min(0.000_001).max(1_000_000_000).nullish().describe('USD: what the batch may cost at most.'),
  deadline: z.int().min(0).max(4_102_444_800).nullish().describe('Unix seconds.'),
  on_unknown_outcome: z.enum(['retry', 'fail']).nullish(),
} as const;

export const batchSchema = z.strictObject(fields).superRefine((body, context) => {
  const fault = (name: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [name], message, input: body });
  if (body.input_file_id != null && body.requests != null)
    fault('requests', 'send input_file_id or requests, not both');
  if (body.input_file_id == null && body.requests == null)
    fault('input_file_id', 'send the id of a file (POST /v1/files, purpose batch), or requests');
  if (body.template != null && body.input_file_id == null) fault('template', 'is for a CSV file: send input_file_id');
  for (const name of ['csv', 'group_by'] as const) {
    if (body[name] != null && body.template == null) fault(name, 'is for a CSV file with a template');
  }
});

export type BatchBody = z.output<typeof batchSchema>;

/** True for a body that is meant as a batch's, where a job's may stand too. */
export function isBatchBody(value: unknown): boolean {
  return typeof value === 'object' && value !== null && ('input_file_id' in value || 'requests' in value);
}
