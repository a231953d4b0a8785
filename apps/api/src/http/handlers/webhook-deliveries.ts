import { z } from 'zod';
import { deliveryStatuses, type Delivery } from '@rendermill/shared/domain/deliveries';
import { RendermillError } from '@rendermill/shared/domain/errors';
import type { StoredEvent } from '@rendermill/shared/domain/events';
import { parseBody } from '@rendermill/shared/domain/request-body';
import { recoverSchema } from '@rendermill/shared/domain/webhook-endpoints';
import { page, pageQuery } from '../list-query.js';
import { requireEndpoint } from '../require-endpoint.js';
import { sendJson, type Context, type Route } from '../route.js';
import { errorSchema, listOf } from '../schemas.js';
import { deliveryObject, deliveryWithEvent, presentDelivery, presentDeliveryWithEvent } from '../webhook-schemas.js';
import { withBody } from '../with-body.js';

/**
 * The log of what was told to an endpoint, and telling it again. The id `url` stands for the `webhook_url`s of the
 * project's jobs and batches.
 */

const listQuery = z.strictObject({ ...pageQuery, status: z.enum(deliveryStatuses).optional() });

async function endpointOf(context: Context): Promise<string> {
  return context.params['id'] === 'url' ? 'url' : (await requireEndpoint(context)).id;
}

async function list(context: Context): Promise<void> {
  const endpoint = await endpointOf(context);
  const filter = context.query as z.output<typeof listQuery>;
  const found = await context.deps.deliveries.list(context.caller.project, endpoint, filter);
  if (!found) {
    const message = `after: there is no delivery '${filter.after}' in this log any more; begin at the first page`;
    throw new RendermillError('invalid_parameter', message, { param: 'after' });
  }
  sendJson(context.response, 200, page(found.deliveries.map(presentDelivery), found.more, found.last));
}

async function requireDelivery(context: Context): Promise<{ delivery: Delivery; event: StoredEvent }> {
  const endpoint = await endpointOf(context);
  const id = context.params['delivery_id'] ?? '';
  const found = /^evt_[0-9A-Za-z]+-[0-9A-Za-z_]+$/.test(id) ? await context.deps.deliveries.delivery(id) : null;
  if (found?.delivery.project !== context.caller.project || found.delivery.endpoint !== endpoint)
    throw new RendermillError('not_found', 'There is no delivery with this id in this log.', { param: 'delivery_id' });
  return found;
}

async function retrieve(context: Context): Promise<void> {
  const { delivery, event } = await requireDelivery(context);
  sendJson(context.response, 200, presentDeliveryWithEvent(delivery, event));
}

async function resend(context: Context): Promise<void> {
  if (context.params['id'] !== 'url') requireEnabled(await requireEndpoint(context));
  const { delivery } = await requireDelivery(context);
  await context.deps.deliveries.resend(delivery);
  const { delivery: due, event } = await requireDelivery(context);
  sendJson(context.response, 202, presentDeliveryWithEvent(due, event));
}

async function recover(context: Context): Promise<void> {
  const { deps, caller, response } = context;
  const endpoint = context.params['id'] === 'url' ? null : await requireEndpoint(context);
  if (endpoint) requireEnabled(endpoint);
  await withBody(context, async (body) => {
    const { since } = parseBody(recoverSchema, body.value);
    const deliveries = await (endpoint
      ? deps.deliveries.recover(caller.project, endpoint.id, since * 1_000)
      : deps.deliveries.recoverUrls(caller.project, since * 1_000));
    const webhook_endpoint_id = endpoint?.id ?? null;
    sendJson(response, 202, { object: 'webhook_recovery', webhook_endpoint_id, since, deliveries });
  });
}

function requireEnabled({ enabled }: { readonly enabled: boolean }): void {
  if (enabled) return;
  const message =
    'The endpoint is disabled: enable it first, by POST /v1/webhook_endpoints/{id} with {"enabled": true}.';
  throw new RendermillError('endpoint_disabled', message, { param: 'id' });
}

const tag = 'Webhooks';
const log = '/v1/webhook_endpoints/{id}/deliveries';
const notFound = { description: 'There is no such endpoint or delivery.', schema: errorSchema };
const disabled = { description: 'The endpoint is disabled.', schema: errorSchema };

export const webhookDeliveryRoutes: readonly Route[] = [
  {
    method: 'get',
    path: log,
    operationId: 'listWebhookDeliveries',
    access: 'webhooks',
    summary: 'What was told to an endpoint, with every attempt. Id `url`: what was told to webhook_urls.',
    tag,
    query: listQuery,
    answers: {
      200: {
        description: 'One page; `has_more` may be true for an empty one, which leads on.',
        schema: listOf(deliveryObject),
      },
      404: notFound,
    },
    handle: list,
  },
  {
    method: 'post',
    path: `${log}/recover`,
    operationId: 'recoverWebhookDeliveries',
    access: 'webhooks',
    summary:
      'Deliver again what this endpoint did not get since a time: failed deliveries, and events while it was disabled. Id `url`: failed deliveries to webhook_urls.',
    tag,
    body: recoverSchema,
    answers: {
      202: {
        description: 'They are due now.',
        schema: z.object({
          object: z.literal('webhook_recovery'),
          webhook_endpoint_id: z.string().nullable().describe('Null: webhook_urls.'),
          since: z.int(),
          deliveries: z.int().describe('How many are due by this.'),
        }),
      },
      404: notFound,
      409: disabled,
    },
    handle: recover,
  },
  {
    method: 'get',
    path: `${log}/{delivery_id}`,
    operationId: 'getWebhookDelivery',
    access: 'webhooks',
    summary: 'One delivery with the event that it carries.',
    tag,
    answers: { 200: { description: 'The delivery.', schema: deliveryWithEvent }, 404: notFound },
    handle: retrieve,
  },
  {
    method: 'post',
    path: `${log}/{delivery_id}/resend`,
    operationId: 'resendWebhookDelivery',
    access: 'webhooks',
    summary: 'Deliver once more, whatever came of it before: the same id and bytes, signed anew.',
    tag,
    answers: { 202: { description: 'It is due now.', schema: deliveryWithEvent }, 404: notFound, 409: disabled },
    handle: resend,
  },
];
