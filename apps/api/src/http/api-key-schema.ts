import { z } from 'zod';
import { scopes } from '@rendermill/shared/domain/api-keys';

/** An API key as `/v1/api_keys` shows it. Times in unix seconds. */
export const apiKeyObject = z.object({
  id: z.string(),
  object: z.literal('api_key'),
  project: z.string(),
  name: z.string(),
  mode: z.enum(['live', 'test']),
  scopes: z.array(z.enum(scopes)),
  key_hint: z.string().describe('How the key begins.'),
  created_at: z.int(),
  expires_at: z.int().nullable(),
  ip_ranges: z.array(z.string()),
  spend_limit: z.number().nullable().describe('USD.'),
  spent: z.number().describe('USD that may have been billed for what it ordered; calls of unknown price not counted.'),
  requests_per_minute: z.int().nullable(),
  images_per_minute: z.int().nullable(),
  images_under_way: z.int().nullable(),
  last_used_at: z.int().nullable().describe('To a minute; null: not yet.'),
  rotated_at: z.int().nullable(),
  previous_key_expires_at: z.int().nullable().describe('Until when the key before the last rotation works too.'),
});

/** The key that asks, with what its orders come to. */
export const currentKeyObject = apiKeyObject.extend({
  simulated: z
    .boolean()
    .describe(
      'All that it orders is rendered by a simulator, and nothing is spent: a test key, or no provider is set up.',
    ),
});
