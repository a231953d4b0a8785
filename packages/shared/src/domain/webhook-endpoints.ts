import { z } from 'zod';
import { eventTypes, type EventType } from './events.js';
import { isPrintable } from './text.js';

const name = z.string().min(1).max(128).refine(isPrintable, 'name must be printable');
const types = z
  .array(z.enum(eventTypes, { error: 'an event type that GET /v1/webhook_event_types does not list' }))
  .min(1)
  .max(eventTypes.length)
  .transform((list) => [...new Set(list)]);
const url = z.string().max(2_048);
const rate = z
  .int()
  .min(1)
  .max(60_000)
  .nullable()
  .describe('Deliveries a minute at most; null: as fast as it takes them.');

const includeUrls = z
  .boolean()
  .describe('True: each image in an event has a signed link, which works without a key until it expires.');

/** Bodies of `/v1/webhook_endpoints`, as OpenAI's. The URL's host is checked where it is known what may be reached. */
export const createEndpointSchema = z.strictObject({
  name,
  url,
  event_types: types,
  max_per_minute: rate.default(null),
  include_urls: includeUrls.default(false),
});
export const updateEndpointSchema = z.strictObject({
  name: name.optional(),
  url: url.optional(),
  event_types: types.optional(),
  max_per_minute: rate.optional(),
  include_urls: includeUrls.optional(),
  enabled: z.boolean().optional().describe('True enables an endpoint that was disabled.'),
});
export const testEndpointSchema = z.strictObject({ event_type: z.enum(eventTypes) });
export const rotateSecretSchema = z.strictObject({
  keep_old_secret_active_for_24_hours: z
    .boolean()
    .default(false)
    .describe('True: for 24 hours deliveries carry both signatures.'),
});
export const recoverSchema = z.strictObject({
  since: z.int().min(0).max(4_102_444_800).describe('Unix seconds: events from this time on.'),
});

/** Endpoints that a project may have: each event is written for all that want it, in one step. */
export const maxEndpoints = 100;

/** For how long a rotated secret still signs, where that is asked for. */
export const secretOverlapMs = 24 * 3_600_000;

/** An endpoint that takes nothing for so long is disabled. */
export const disableAfterSeconds = 5 * 86_400;

/** Why an endpoint gets nothing: it answered 410, it failed for days, or its owner said so. */
export type DisabledReason = 'gone' | 'failing' | 'asked';

/** An endpoint as the store holds it; secrets are sealed. Times in milliseconds since the epoch. */
export interface WebhookEndpoint {
  readonly id: string;
  readonly project: string;
  readonly name: string;
  readonly url: string;
  readonly event_types: readonly EventType[];
  readonly max_per_minute: number | null;
  /** Our public URL, under which links in its events stand; null where it asks for none. */
  readonly links_at: string | null;
  readonly created_at: number;
  readonly updated_at: number | null;
  readonly sealed_secret: string;
  /** Secrets that were rotated and still sign, newest first. */
  readonly old_secrets: readonly { readonly secret: string; readonly ends: number }[];
  /** The last characters of the secret, so that a person can tell two apart. */
  readonly secret_hint: string;
  readonly enabled: boolean;
  readonly disabled_at: number | null;
  readonly disabled_reason: DisabledReason | null;
  /** Since when it has taken nothing; null where the last it got was taken. */
  readonly failing_since: number | null;
}

/** What a user may set of an endpoint. */
export type EndpointChanges = Partial<
  Pick<WebhookEndpoint, 'name' | 'url' | 'event_types' | 'max_per_minute' | 'links_at' | 'enabled'>
> & { readonly updated_at: number };
