import type { TryResult } from '@rendermill/shared/adapters/redis/delivery-store';
import type { Delivery, DeliveryTry } from '@rendermill/shared/domain/deliveries';
import type { StoredEvent } from '@rendermill/shared/domain/events';
import { failed, inSpan, isTraced, spanKind, traceOf, type Span } from '@rendermill/shared/observability/tracing';
import type { WorkerDeps } from '../deps.js';

/** A try to deliver, in the trace of the job or batch that the event is about. */
export async function inDeliverySpan(
  deps: WorkerDeps,
  delivery: Delivery,
  event: StoredEvent,
  work: (span: Span) => Promise<void>,
): Promise<void> {
  const attributes = {
    'http.request.method': 'POST',
    'server.address': new URL(delivery.url).host,
    'rendermill.event.id': event.id,
    'rendermill.event.type': event.type,
    'rendermill.delivery.id': delivery.id,
    'rendermill.project': delivery.project,
  };
  const { parent } = traceOf(isTraced() ? await traceOfEvent(deps, event) : {});
  await inSpan(`webhook ${event.type}`, { kind: spanKind.client, attributes }, work, parent);
}

export function describe(span: Span, { status, error }: DeliveryTry, { status: result }: TryResult): void {
  span.setAttribute('rendermill.outcome', result);
  if (status !== null) span.setAttribute('http.response.status_code', status);
  if (error !== null) failed(span, error);
}

/** Of a digest, too: what is known of its lines is their batch's. */
async function traceOfEvent(
  { ledger, batchStore }: WorkerDeps,
  { project, data }: StoredEvent,
): Promise<{ readonly trace?: string }> {
  const { id } = data;
  if (typeof id !== 'string') return {};
  const about = id.startsWith('batch_') ? await batchStore.get(project, id) : await ledger.read(id);
  return about?.trace === undefined ? {} : { trace: about.trace };
}
