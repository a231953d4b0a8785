import { z } from 'zod';
import { post } from '@rendermill/shared/adapters/http/post';
import { RendermillError } from '@rendermill/shared/domain/errors';
import { eventBody, eventTypes } from '@rendermill/shared/domain/events';
import { eventId, newId } from '@rendermill/shared/domain/ids';
import { parseBody } from '@rendermill/shared/domain/request-body';
import {
  createEndpointSchema,
  maxEndpoints,
  testEndpointSchema,
  updateEndpointSchema,
} from '@rendermill/shared/domain/webhook-endpoints';
import { signWebhook } from '@rendermill/shared/domain/webhook-signature';
import { requireWebhookUrl } from '../../use-cases/webhook-url.js';
import { page, pageQuery } from '../list-query.js';
import { repeatOf } from '../repeat.js';
import { keyReused, noSuchEndpoint, requireEndpoint } from '../require-endpoint.js';
import { sendJson, type Context, type Route } from '../route.js';
import { errorSchema, listOf } from '../schemas.js';
import { endpointObject, presentEndpoint } from '../webhook-schemas.js';
import { withBody } from '../with-body.js';

/** `/v1/webhook_endpoints`, as OpenAI's, so that `client.webhooks.*` works. */

async function create(context: Context): Promise<void> {
  const { deps, caller, request, response } = context;
  await withBody(context, async (body) => {
    const { include_urls, ...given } = parseBody(createEndpointSchema, body.value);
    const links_at = include_urls ? deps.settings.publicUrl : null;
    const url = await requireWebhookUrl(deps, given.url, 'url');
    const id = newId('whe');
    const { project } = caller;
    const secret = deps.webhookSecrets.fresh(project, id);
    const repeat = repeatOf(deps, caller, request, body.fingerprint, false);
    const endpoint = { ...given, ...secret, links_at, id, project, url, created_at: Date.now() };
    const saved = await deps.webhooks.create(endpoint, repeat);
    if (saved.how === 'conflict') keyReused();
    if (saved.how === 'full') {
      const message = `A project has at most ${maxEndpoints} webhook endpoints: delete one that is not needed any more.`;
      throw new RendermillError('too_many_endpoints', message);
    }
    const made = await deps.webhooks.get(project, saved.id);
    if (!made) throw new RendermillError('not_found', 'The endpoint that this Idempotency-Key made has been deleted.');
    const [signing_secret] = deps.webhookSecrets.of(made);
    sendJson(response, 200, { ...presentEndpoint(made), signing_secret });
  });
}

const listQuery = z.strictObject(pageQuery);

async function list({ deps, caller, query, response }: Context): Promise<void> {
  const { after, limit, order } = query as z.output<typeof listQuery>;
  const newestFirst = await deps.webhooks.list(caller.project);
  const all = order === 'desc' ? newestFirst : newestFirst.reverse();
  const start = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1;
  if (after !== undefined && start === 0) {
    const message = `after: there is no endpoint '${after}' any more; begin at the first page`;
    throw new RendermillError('invalid_parameter', message, { param: 'after' });
  }
  const rows = all.slice(start, start + limit);
  sendJson(response, 200, page(rows.map(presentEndpoint), start + limit < all.length));
}

async function update(context: Context): Promise<void> {
  const { deps, caller, request, response } = context;
  const endpoint = await requireEndpoint(context);
  await withBody(context, async (body) => {
    const { include_urls, ...given } = parseBody(updateEndpointSchema, body.value);
    const links_at = include_urls ? deps.settings.publicUrl : null;
    const url = given.url === undefined ? undefined : await requireWebhookUrl(deps, given.url, 'url');
    const changes = {
      ...given,
      ...(url === undefined ? {} : { url }),
      ...(include_urls === undefined ? {} : { links_at }),
      updated_at: Date.now(),
    };
    const repeat = repeatOf(deps, caller, request, body.fingerprint, false);
    const how = await deps.webhooks.update(endpoint, changes, repeat);
    if (how === 'conflict') keyReused();
    const changed = how === 'gone' ? null : await deps.webhooks.get(caller.project, endpoint.id);
    sendJson(response, 200, presentEndpoint(changed ?? noSuchEndpoint()));
  });
}

async function remove(context: Context): Promise<void> {
  const endpoint = await requireEndpoint(context);
  await context.deps.webhooks.delete(endpoint);
  sendJson(context.response, 200, { id: endpoint.id, object: 'webhook_endpoint.deleted', deleted: true });
}

/** Sends a signed event of the asked type now, and says how the receiver took it. */
async function test(context: Context): Promise<void> {
  const { deps, caller, response } = context;
  const endpoint = await requireEndpoint(context);
  await withBody(context, async (received) => {
    const { event_type } = parseBody(testEndpointSchema, received.value);
    const now = Date.now();
    // Under one Idempotency-Key it is one event, which a receiver takes once however often it comes.
    const { key } = repeatOf(deps, caller, context.request, received.fingerprint, false);
    const id = eventId(endpoint.id, event_type, 1, `test ${key === '' ? now : key}`);
    const data = { id: endpoint.id, object: 'webhook_endpoint', test: true };
    const body = eventBody({ id, project: caller.project, type: event_type, created_at: now, sequence: 0, data });
    const headers = {
      ...signWebhook(deps.webhookSecrets.of(endpoint), id, Math.floor(now / 1_000), body),
      'content-type': 'application/json',
      'user-agent': 'Rendermill-Webhooks/1',
    };
    const result = await post(deps.outbound, endpoint.url, body, headers, 15_000);
    if (result.error !== null) {
      throw new RendermillError('endpoint_test_failed', `The endpoint did not take the event: ${result.error}.`, {
        param: 'url',
      });
    }
    sendJson(response, 200, {
      object: 'webhook_endpoint.test',
      event_type,
      status_code: result.status,
      success: true,
      webhook_endpoint_id: endpoint.id,
    });
  });
}

const tag = 'Webhooks';
const notFound = { description: 'There is no such endpoint.', schema: errorSchema };
const one = '/v1/webhook_endpoints/{id}';

export const webhookRoutes: readonly Route[] = [
  {
    method: 'post',
    path: '/v1/webhook_endpoints',
    operationId: 'createWebhookEndpoint',
    access: 'webhooks',
    summary: 'Register a URL for events. The signing secret is shown in this answer only.',
    tag,
    body: createEndpointSchema,
    answers: {
      200: { description: 'The endpoint with its signing secret.', schema: endpointObject },
      409: { description: 'The project has all the endpoints that it may.', schema: errorSchema },
    },
    handle: create,
  },
  {
    method: 'get',
    path: '/v1/webhook_endpoints',
    operationId: 'listWebhookEndpoints',
    access: 'webhooks',
    summary: 'List webhook endpoints.',
    tag,
    query: listQuery,
    answers: { 200: { description: 'One page.', schema: listOf(endpointObject) } },
    handle: list,
  },
  {
    method: 'get',
    path: one,
    operationId: 'getWebhookEndpoint',
    access: 'webhooks',
    summary: 'Retrieve a webhook endpoint.',
    tag,
    answers: { 200: { description: 'The endpoint.', schema: endpointObject }, 404: notFound },
    handle: async (context) => sendJson(context.response, 200, presentEndpoint(await requireEndpoint(context))),
  },
  {
    method: 'post',
    path: one,
    operationId: 'updateWebhookEndpoint',
    access: 'webhooks',
    summary: 'Change what it gets, enable or disable it.',
    tag,
    body: updateEndpointSchema,
    answers: { 200: { description: 'The endpoint.', schema: endpointObject }, 404: notFound },
    handle: update,
  },
  {
    method: 'delete',
    path: one,
    operationId: 'deleteWebhookEndpoint',
    access: 'webhooks',
    summary: 'Delete a webhook endpoint.',
    tag,
    answers: {
      200: {
        description: 'Deleted.',
        schema: z.object({ id: z.string(), object: z.literal('webhook_endpoint.deleted'), deleted: z.literal(true) }),
      },
      404: notFound,
    },
    handle: remove,
  },
  {
    method: 'post',
    path: `${one}/test`,
    operationId: 'testWebhookEndpoint',
    access: 'webhooks',
    summary: 'Send a signed test event now.',
    tag,
    body: testEndpointSchema,
    answers: {
      200: {
        description: 'The receiver took it.',
        schema: z.object({
          object: z.literal('webhook_endpoint.test'),
          event_type: z.enum(eventTypes),
          status_code: z.int().nullable(),
          success: z.literal(true),
          webhook_endpoint_id: z.string(),
        }),
      },
      400: { description: 'The receiver did not take it.', schema: errorSchema },
      404: notFound,
    },
    handle: test,
  },
  {
    method: 'get',
    path: '/v1/webhook_event_types',
    operationId: 'listWebhookEventTypes',
    access: 'any',
    summary: 'The events that an endpoint can ask for.',
    tag,
    answers: {
      200: {
        description: 'Their names.',
        schema: z.object({ object: z.literal('list'), data: z.array(z.enum(eventTypes)) }),
      },
    },
    handle: async ({ response }) => sendJson(response, 200, { object: 'list', data: eventTypes }),
  },
];
