import { z } from 'zod';
import { eventTypes } from './events.js';
import { isPrintable } from './text.js';

const name = z.string().min(1).max(128).refine(isPrintable, 'name must be printable');
const types = z
  .array(z.enum(eventTypes, { error: 'an event type that GET /v1/webhook_event_types does not list' }))
  .min(1)
  .max(eventTypes.length)
  .transform((list) => [...new Set(list)]);

/** Bodies of `/v1/webhook_endpoints`, as OpenAI's. The URL's host is checked where it is known what may be reached. */
export const createEndpointSchema = z.strictObject({
  name,
  url: z.string().max(2_048),
  event_types: types,
});
export const updateEndpointSchema = z.strictObject({
  name: name.optional(),
  url: z.string().max(2_048).optional(),
  event_types: types.optional(),
});
export const testEndpointSchema = z.strictObject({ event_type: z.enum(eventTypes) });

/** An endpoint as the store holds it; the secret is sealed. Times in milliseconds since the epoch. */
export interface WebhookEndpoint {
  readonly id: string;
  readonly project: string;
  readonly name: string;
  readonly url: string;
  readonly event_types: readonly string[];
  readonly created_at: number;
  readonly updated_at: number | null;
  readonly sealed_secret: string;
  /** The last characters of the secret, so that a person can tell two apart. */
  readonly secret_hint: string;
  readonly enabled: boolean;
}

/** One try at telling one endpoint. */
export interface DeliveryAttempt {
  readonly at: number;
  readonly status: number | null;
  readonly duration_ms: number;
  readonly error: string | null;
}

/** One event on its way to one endpoint. */
export interface Delivery {
  readonly id: string;
  readonly project: string;
  readonly event: string;
  /** An endpoint id, or `url` for the webhook_url of the job itself. */
  readonly endpoint: string;
  readonly url: string;
  readonly status: 'pending' | 'delivered' | 'failed';
  readonly attempts: readonly DeliveryAttempt[];
  readonly next_at: number | null;
}
