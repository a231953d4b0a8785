import { z } from 'zod';
import { probeObject, profileObject } from './probe-schema.js';

/** What `/v1/providers` answers of an account. Never its key. */
const limit = z.int().nullable().describe('null: none.');
const used = z.int().nullable().describe('null where there is no such limit: then it is not counted.');
const spend = z
  .object({ cost: z.number().nullable(), unpriced: z.int().describe('Attempts without a known price.') })
  .describe('USD; null where no price is known.');

const limits = z.object({
  concurrency: z.int(),
  requests_per_minute: limit,
  burst: limit,
  requests_per_day: limit,
  images_per_minute: limit,
  images_per_month: limit,
});

/** Of an account, and of each model whose limits are its own. */
const standing = {
  limits: limits.describe('In force now: as configured, or less where the provider has taught it.'),
  configured_limits: limits,
  in_use: z.object({
    calls: z.int().describe('Permits that are out, over all workers.'),
    requests_last_minute: used,
    requests_today: used,
    images_last_minute: used,
    images_this_month: used,
  }),
  cooldown_seconds: z.number().nullable().describe('Rest of a pause that the provider asked for; null: none.'),
  parked: z
    .object({ reason: z.string(), since: z.int(), until: z.int() })
    .nullable()
    .describe(
      'The provider said that it serves nobody (a dead key, an empty purse); from `until` on one call at a time tries it.',
    ),
};

export const providerObject = z.object({
  id: z.string(),
  object: z.literal('provider'),
  preset: z.string(),
  name: z.string(),
  base_url_host: z.string().nullable(),
  models: z.union([z.literal('any'), z.array(z.string())]).describe('Our names.'),
  operations: z.array(z.enum(['generation', 'edit', 'variation'])),
  priority: z.int(),
  weight: z.int(),
  ...standing,
  per_model: z
    .array(z.object({ model: z.string(), ...standing }))
    .describe('Models that are limited beside the account: as configured, or as their answers have taught.'),
  waiting_jobs: z.int().describe('Jobs that wait for a permit and could be served here; perhaps elsewhere too.'),
  circuit: z
    .enum(['closed', 'open', 'half_open'])
    .describe('open: it failed too often and gets no call; half_open: one call at a time tries it.'),
  spend_today: z.object({
    currency: z.literal('USD'),
    billed: spend,
    unknown: spend,
  }),
  accepts: z
    .record(z.string(), z.boolean())
    .describe('What its configuration says that it takes or not, whatever was found.'),
  profile: profileObject.describe(
    'What it turned out to take, by model: found by probes, and by jobs whose parameter it did not know.',
  ),
  probe: probeObject.nullable().describe('The latest.'),
  last_error: z
    .object({ code: z.string(), message: z.string(), http_status: z.int().nullable(), at: z.int() })
    .nullable()
    .describe('Of the last seven days; what was the request’s own fault is not among it.'),
});
