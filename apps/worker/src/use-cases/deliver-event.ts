import { post, type PostResult } from '@rendermill/shared/adapters/http/post';
import type { TryResult } from '@rendermill/shared/adapters/redis/delivery-store';
import { redeliveryWait } from '@rendermill/shared/domain/backoff';
import type { Delivery, DeliveryTry } from '@rendermill/shared/domain/deliveries';
import { withLinks } from '@rendermill/shared/domain/event-links';
import { eventBody, type StoredEvent } from '@rendermill/shared/domain/events';
import { eventId } from '@rendermill/shared/domain/ids';
import { signWebhook } from '@rendermill/shared/domain/webhook-signature';
import type { DeliveryEntry } from '@rendermill/shared/queues/entries';
import { traceparent } from '@rendermill/shared/observability/tracing';
import type { WorkerDeps } from '../deps.js';
import { describe, inDeliverySpan } from './delivery-span.js';

/** What a delivery needs beside the worker's own dependencies. */
export interface DeliveryOptions {
  /** Waits between tries, in seconds. */
  readonly schedule: readonly number[];
  /** An endpoint that takes nothing for so long is disabled. */
  readonly disableAfterMs: number;
  /** How long links in events work, where an endpoint asks for them. */
  readonly urlTtlSeconds: number;
  /** The secrets that sign for an endpoint of a project (`url`: the project's own), newest first; null where it is gone. */
  readonly secrets: (project: string, endpoint: string) => Promise<readonly string[] | null>;
}

const timeoutMs = 15_000;

/**
 * Tells one endpoint one event: the same bytes and id at every try, signed with the time of this one. A crash between
 * the receiver's answer and our record delivers twice, with the same id.
 */
export async function deliverEvent(
  deps: WorkerDeps,
  options: DeliveryOptions,
  { d: id, t: taken }: DeliveryEntry,
): Promise<void> {
  const found = await deps.deliveries.delivery(id);
  if (!found || found.delivery.status !== 'pending' || found.delivery.taken !== taken) return;
  const { delivery, event } = found;
  const secrets = await options.secrets(delivery.project, delivery.endpoint);
  // Gone or disabled by now: whoever takes what is due gives it up.
  if (!secrets) return;

  await inDeliverySpan(deps, delivery, event, async (span) => {
    const { tried, result } = await tell(deps, options, found, secrets);
    const disabled = await deps.deliveries.record(delivery, tried, result);
    if (disabled !== '') deps.log.warn({ endpoint: delivery.endpoint, reason: disabled }, 'endpoint.disabled');
    report(deps, delivery, event, tried, result);
    describe(span, tried, result);
  });
}

async function tell(
  deps: WorkerDeps,
  options: DeliveryOptions,
  { delivery, event, linksAt }: { readonly delivery: Delivery; event: StoredEvent; readonly linksAt: string | null },
  secrets: readonly string[],
): Promise<{ tried: DeliveryTry; result: TryResult }> {
  const startedAt = Date.now();
  const links = { secret: deps.secret, ttlSeconds: options.urlTtlSeconds };
  const body = eventBody(linksAt === null ? event : withLinks(event, { ...links, publicUrl: linksAt }));
  const trace = traceparent();
  const headers = {
    ...signWebhook(secrets, event.id, Math.floor(startedAt / 1_000), body),
    'content-type': 'application/json',
    'user-agent': 'Rendermill-Webhooks/1',
    ...(trace === undefined ? {} : { traceparent: trace }),
  };
  const answer = await post(deps.outbound, delivery.url, body, headers, timeoutMs);
  const tried: DeliveryTry = {
    at: startedAt,
    url: delivery.url,
    status: answer.status,
    duration_ms: Date.now() - startedAt,
    error: answer.error,
    answer: answer.answer,
  };
  return { tried, result: resultOf(deps, options, delivery, answer) };
}

function resultOf(deps: WorkerDeps, options: DeliveryOptions, delivery: Delivery, answer: PostResult): TryResult {
  const { status, error, retryAfterMs } = answer;
  const gone = status === 410;
  const overloaded = answer.timedOut || [429, 502, 504].includes(status ?? 0);
  const nextMs =
    error === null || gone
      ? null
      : redeliveryWait(delivery.made + 1, options.schedule, retryAfterMs, overloaded, deps.random);
  return {
    status: error === null ? 'delivered' : nextMs === null ? 'failed' : 'pending',
    nextMs,
    gone,
    patienceMs: options.disableAfterMs,
    event: eventId(delivery.endpoint, 'webhook_endpoint.disabled', delivery.taken, delivery.id),
  };
}

function report(
  deps: WorkerDeps,
  delivery: Delivery,
  event: StoredEvent,
  tried: DeliveryTry,
  { status, nextMs }: TryResult,
): void {
  deps.metrics.deliveries.inc({ result: status === 'pending' ? 'retrying' : status });
  deps.metrics.deliverySeconds.observe(tried.duration_ms / 1_000);
  deps.log.info(
    {
      delivery: delivery.id,
      project: delivery.project,
      event_id: event.id,
      about: event.data['id'],
      type: event.type,
      endpoint: delivery.endpoint,
      host: new URL(delivery.url).host,
      attempt: delivery.made + 1,
      status: tried.status,
      duration_ms: tried.duration_ms,
      since_event_ms: tried.at - event.created_at,
      result: status,
      ...(tried.error ? { message: tried.error, next_ms: nextMs } : {}),
    },
    'delivery.attempted',
  );
}
