import { z } from 'zod';
import { deliveryStatuses, keptAnswerLength, type Delivery } from '@rendermill/shared/domain/deliveries';
import { eventTypes, presentEvent, type StoredEvent } from '@rendermill/shared/domain/events';
import type { WebhookEndpoint } from '@rendermill/shared/domain/webhook-endpoints';

/** Webhook endpoints, events and deliveries as they are answered, and what the document says of them. */

const seconds = z.int().describe('Unix seconds.');
const unix = (ms: number | null): number | null => (ms === null ? null : Math.floor(ms / 1_000));

export const endpointObject = z.object({
  id: z.string(),
  object: z.literal('webhook_endpoint'),
  name: z.string(),
  url: z.string(),
  event_types: z.array(z.enum(eventTypes)),
  max_per_minute: z.int().nullable(),
  include_urls: z.boolean().describe('Images in its events have signed links.'),
  enabled: z.boolean(),
  disabled_at: seconds.nullable(),
  disabled_reason: z
    .enum(['gone', 'failing', 'asked'])
    .nullable()
    .describe('It answered 410, took nothing for days, or was disabled by a request.'),
  failing_since: seconds.nullable().describe('Since when it has taken nothing.'),
  created_at: seconds,
  updated_at: seconds.nullable(),
  signing_secret_hint: z.string(),
  signing_secret: z.string().optional().describe('Only in the answer that made it.'),
});

export function presentEndpoint(endpoint: WebhookEndpoint) {
  const { id, name, url, event_types, max_per_minute, enabled, disabled_reason } = endpoint;
  return {
    id,
    object: 'webhook_endpoint',
    name,
    url,
    event_types,
    max_per_minute,
    include_urls: endpoint.links_at !== null,
    enabled,
    disabled_at: unix(endpoint.disabled_at),
    disabled_reason,
    failing_since: unix(endpoint.failing_since),
    created_at: unix(endpoint.created_at),
    updated_at: unix(endpoint.updated_at),
    signing_secret_hint: endpoint.secret_hint,
  };
}

export const eventObject = z.object({
  object: z.literal('event'),
  id: z.string(),
  type: z.enum(eventTypes),
  created_at: seconds,
  sequence: z.int().describe('Grows by one with each event of the project.'),
  data: z.record(z.string(), z.unknown()),
});

const tryObject = z.object({
  at: seconds,
  url: z.string(),
  http_status: z.int().nullable().describe('Null where no answer came.'),
  duration_ms: z.int(),
  error: z.string().nullable(),
  response_body: z.string().nullable().describe(`The first ${keptAnswerLength} characters of the answer.`),
});

export const deliveryObject = z.object({
  id: z.string(),
  object: z.literal('webhook_delivery'),
  webhook_endpoint_id: z.string().nullable().describe('Null: the webhook_url of a job or batch.'),
  event_id: z.string(),
  event_type: z.enum(eventTypes).nullable().describe('Null where the event is past its retention.'),
  url: z.string(),
  status: z.enum(deliveryStatuses),
  created_at: seconds,
  next_attempt_at: seconds.nullable(),
  attempts: z.array(tryObject).describe('Oldest first, the last 20.'),
});

export const deliveryWithEvent = deliveryObject.extend({
  event: eventObject.describe('What is sent, as it is sent, but for the links of include_urls.'),
});

export function presentDelivery(delivery: Delivery) {
  const { id, endpoint, event, event_type, url, status, tries } = delivery;
  return {
    id,
    object: 'webhook_delivery',
    webhook_endpoint_id: endpoint === 'url' ? null : endpoint,
    event_id: event,
    event_type,
    url,
    status,
    created_at: unix(delivery.created_at),
    next_attempt_at: unix(delivery.next_at),
    attempts: tries.map((one) => ({
      at: unix(one.at),
      url: one.url,
      http_status: one.status,
      duration_ms: one.duration_ms,
      error: one.error,
      response_body: one.answer,
    })),
  };
}

export function presentDeliveryWithEvent(delivery: Delivery, event: StoredEvent) {
  return { ...presentDelivery(delivery), event: presentEvent(event) };
}
