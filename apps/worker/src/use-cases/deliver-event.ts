import { post } from '@rendermill/shared/adapters/http/post';
import { redeliveryWait } from '@rendermill/shared/domain/backoff';
import { eventBody, type StoredEvent } from '@rendermill/shared/domain/events';
import type { Delivery } from '@rendermill/shared/domain/webhook-endpoints';
import { signWebhook } from '@rendermill/shared/domain/webhook-signature';
import type { WorkerDeps } from '../deps.js';

/** What a delivery needs beside the worker's own dependencies. */
export interface DeliveryOptions {
  /** Waits between tries, in seconds. */
  readonly schedule: readonly number[];
  /** The secrets that sign for an endpoint of a project (`url`: the project's own), newest first; null where it is gone. */
  readonly secrets: (project: string, endpoint: string) => Promise<readonly string[] | null>;
}

const timeoutMs = 15_000;

/**
 * Tells one endpoint one event: the same bytes and id at every try, signed with the time of this one. A crash between
 * the receiver's answer and our record delivers twice, with the same id.
 */
export async function deliverEvent(deps: WorkerDeps, options: DeliveryOptions, id: string): Promise<void> {
  const found = await deps.webhooks.delivery(id);
  if (!found || found.delivery.status !== 'pending') return;
  const { delivery, event } = found;
  const secrets = await options.secrets(delivery.project, delivery.endpoint);
  if (!secrets) return deps.webhooks.record(delivery, 'failed', null);

  const startedAt = Date.now();
  const body = eventBody(event);
  const headers = {
    ...signWebhook(secrets, event.id, Math.floor(startedAt / 1_000), body),
    'content-type': 'application/json',
    'user-agent': 'Rendermill-Webhooks/1',
  };
  const result = await post(deps.outbound, delivery.url, body, headers, timeoutMs);
  const tried: Delivery = {
    ...delivery,
    attempts: [
      ...delivery.attempts,
      { at: startedAt, status: result.status, duration_ms: Date.now() - startedAt, error: result.error },
    ],
  };
  const overloaded = result.timedOut || [429, 502, 504].includes(result.status ?? 0);
  const nextMs =
    result.error === null
      ? null
      : redeliveryWait(tried.attempts.length, options.schedule, result.retryAfterMs, overloaded, deps.random);
  const status = result.error === null ? 'delivered' : nextMs === null ? 'failed' : 'pending';
  await deps.webhooks.record(tried, status, nextMs);
  report(deps, tried, event, status, nextMs);
}

function report(
  deps: WorkerDeps,
  delivery: Delivery,
  event: StoredEvent,
  status: Delivery['status'],
  nextMs: number | null,
): void {
  const last = delivery.attempts.at(-1);
  deps.metrics.deliveries.inc({ result: status === 'pending' ? 'retrying' : status });
  deps.log.info(
    {
      delivery: delivery.id,
      project: delivery.project,
      type: event.type,
      endpoint: delivery.endpoint,
      host: new URL(delivery.url).host,
      attempt: delivery.attempts.length,
      status: last?.status,
      duration_ms: last?.duration_ms,
      result: status,
      ...(last?.error ? { message: last.error, next_ms: nextMs } : {}),
    },
    'delivery.attempted',
  );
}
