import { z } from 'zod';

/** What `/v1/usage` answers. Money in USD; what is not known is null, never 0. */
const seconds = z.int().describe('Unix seconds.');
const usd = z.number().nullable();
const count = z.int();

const figures = {
  requests: count.describe('Attempts: calls to a provider that are settled.'),
  outcomes: z.object({ not_sent: count, rejected: count, billed: count, unknown: count }),
  images: count.describe('Pictures that came; one that proves broken when it is decoded is among them.'),
  successes: count.describe('Attempts that brought at least one picture.'),
  success_rate: z.number().nullable(),
  response_seconds: z
    .object({
      mean: z.number().nullable(),
      p50: z.number().nullable(),
      p95: z.number().nullable(),
    })
    .describe('Of the successes. A percentile is an upper bound, in steps of √2.'),
  cost: z
    .object({
      total: usd.describe('Of the billed attempts whose price is known; null where none is.'),
      mean: usd.describe('Of a billed attempt whose price is known.'),
      mean_per_image: usd,
      unpriced: count.describe('Billed attempts without a known price: they are not in the total.'),
    })
    .describe('What was billed.'),
  unknown: z
    .object({ requests: count, cost: usd, unpriced: count })
    .describe('Attempts that may have been billed; their cost is estimated and in no other figure.'),
};

const usageGroup = z.object({
  day: z.string().nullable().describe('UTC; null where it is not grouped by.'),
  model: z.string().nullable(),
  provider: z.string().nullable(),
  batch: z
    .string()
    .nullable()
    .describe('Null for jobs that came alone, for batches that are not kept any more, and where it is not grouped by.'),
  ...figures,
});

export const usageReport = z.object({
  object: z.literal('usage'),
  group_by: z.array(z.enum(['day', 'model', 'provider', 'batch'])),
  start_time: seconds.describe('Begin of the first day that is counted.'),
  end_time: seconds.describe('End of the last day that is counted.'),
  currency: z.literal('USD'),
  data: z.array(usageGroup),
  total: z.object(figures),
});

export const unknownAttempt = z.object({
  id: z.string(),
  object: z.literal('attempt'),
  job_id: z.string(),
  custom_id: z.string().nullable(),
  number: z.int(),
  generation: z.int(),
  provider: z.string(),
  model: z.string(),
  images: z.int().describe('Pictures that it was to make.'),
  started_at: seconds,
  ended_at: seconds,
  provider_request_id: z.string().nullable(),
  http_status: z.int().nullable(),
  code: z.string().nullable(),
  message: z.string().nullable(),
  estimated_cost: usd,
  currency: z.literal('USD'),
});
