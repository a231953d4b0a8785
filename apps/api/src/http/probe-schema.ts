import { z } from 'zod';
import { notCounted } from '@rendermill/shared/domain/costs';
import { probeStatuses } from '@rendermill/shared/domain/probe';
import { features } from '@rendermill/shared/domain/profile';

/** `POST /v1/providers/{id}/probe`, what it answers, and what `/v1/providers` tells of what was found. */

export const probeBody = z.strictObject({
  model: z.string().min(1).max(128).nullish().describe("Our name; default: the account's."),
  spend: z
    .boolean()
    .optional()
    .describe('true: make the calls, which cost money. Otherwise they are only told, with what they cost.'),
  max_cost: z
    .number()
    .min(0)
    .max(1_000)
    .nullish()
    .describe(
      'With spend: the most it may cost, in USD, as the quote told; null where the price is unknown and taken.',
    ),
});

const usd = z.number().nullable().describe('USD; null: unknown.');

export const probeQuote = z.object({
  object: z.literal('probe_quote'),
  provider: z.string(),
  model: z.string(),
  currency: z.literal('USD'),
  cost: z
    .object({ expected: usd, max: usd })
    .describe('expected: where everything is taken at once. What is refused costs nothing, and less is asked for.'),
  excludes: z
    .array(z.enum(notCounted))
    .describe('What is not in the cost because nobody knows it, as in POST /v1/estimates: the bill will be higher.'),
  calls: z.array(
    z.object({
      step: z.string(),
      asks: z.string(),
      cost: usd,
      excludes: z.array(z.enum(notCounted)),
      certain: z.boolean().describe('false: made only where a call before it was refused.'),
    }),
  ),
  consent: z
    .object({ model: z.string(), spend: z.literal(true), max_cost: z.number().nullable() })
    .describe('The body that starts it.'),
});

export const probeObject = z.object({
  object: z.literal('probe'),
  id: z.string(),
  provider: z.string(),
  model: z.string(),
  status: z.enum(probeStatuses),
  created_at: z.int(),
  ended_at: z.int().nullable(),
  max_cost: usd,
  cost: usd.describe('USD of the calls so far; null: unknown.'),
  calls: z.array(
    z.object({
      step: z.string(),
      job: z.string(),
      came_to: z.enum(['accepted', 'refused', 'failed', 'running']),
      cost: usd,
      message: z.string().nullable(),
    }),
  ),
  error: z
    .object({ message: z.string(), type: z.string(), param: z.string().nullable(), code: z.string() })
    .nullable()
    .describe('Why it ended before everything was asked. What was found until then is kept.'),
});

export const profileObject = z.array(
  z.object({
    model: z.string(),
    findings: z.array(
      z.object({
        feature: z.enum(features),
        verdict: z
          .enum(['taken', 'obeyed', 'ignored', 'refused'])
          .describe('taken: it did not object; obeyed, ignored: the picture shows it; refused: it said no.'),
        value: z.string().optional().describe('Of images_field, edit_form and answers: which.'),
        message: z.string().nullable(),
        found_at: z.int(),
        probe: z.string().nullable().describe('null: found by an ordinary job.'),
        job: z.string(),
        stale: z
          .enum(['age', 'reconfigured'])
          .nullable()
          .describe('Why it is not used any more: older than 30 days, or of another key, address, preset or models.'),
      }),
    ),
  }),
);
