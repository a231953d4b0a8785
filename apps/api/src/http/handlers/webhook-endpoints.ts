import { z } from 'zod';
import { post } from '@rendermill/shared/adapters/http/post';
import { RendermillError } from '@rendermill/shared/domain/errors';
import { eventBody, eventTypes } from '@rendermill/shared/domain/events';
import { eventId, isId, newId } from '@rendermill/shared/domain/ids';
import { parseBody } from '@rendermill/shared/domain/request-body';
import {
  createEndpointSchema,
  testEndpointSchema,
  updateEndpointSchema,
  type WebhookEndpoint,
} from '@rendermill/shared/domain/webhook-endpoints';
import { newWebhookSecret, signWebhook } from '@rendermill/shared/domain/webhook-signature';
import { requireWebhookUrl } from '../../use-cases/webhook-url.js';
import { page, pageQuery } from '../list-query.js';
import { repeatOf } from '../repeat.js';
import { sendJson, type Context, type Route } from '../route.js';
import { endpointObject, errorSchema, listOf } from '../schemas.js';
import { withBody } from '../with-body.js';

/** `/v1/webhook_endpoints`, as OpenAI's, so that `client.webhooks.*` works. */

const seconds = (ms: number | null): number | null => (ms === null ? null : Math.floor(ms / 1_000));

function present(endpoint: WebhookEndpoint) {
  const { id, name, url, event_types, created_at, updated_at, secret_hint } = endpoint;
  return {
    id,
    object: 'webhook_endpoint',
    name,
    url,
    event_types,
    created_at: seconds(created_at),
    updated_at: seconds(updated_at),
    signing_secret_hint: secret_hint,
  };
}

async function requireEndpoint({ deps, caller, params }: Context): Promise<WebhookEndpoint> {
  const id = params['id'] ?? '';
  const endpoint = isId('whe', id) ? await deps.webhooks.get(caller.project, id) : null;
  return endpoint ?? noSuchEndpoint();
}

function noSuchEndpoint(): never {
  throw new RendermillError('not_found', 'There is no webhook endpoint with this id.', { param: 'id' });
}

async function create(context: Context): Promise<void> {
  const { deps, caller, request, response } = context;
  await withBody(context, async (body) => {
    const { name, url, event_types } = parseBody(createEndpointSchema, body.value);
    const href = await requireWebhookUrl(deps, url, 'url');
    const id = newId('whe');
    const secret = newWebhookSecret();
    const repeat = repeatOf(deps, caller, request, body.fingerprint, false);
    const saved = await deps.webhooks.create(
      {
        id,
        project: caller.project,
        name,
        url: href,
        event_types,
        created_at: Date.now(),
        updated_at: null,
        sealed_secret: deps.webhookSecrets.sealFor(caller.project, id, secret),
        secret_hint: `…${secret.slice(-4)}`,
        enabled: true,
      },
      repeat,
    );
    if (saved.how === 'conflict') keyReused();
    const endpoint = await deps.webhooks.get(caller.project, saved.id);
    if (!endpoint)
      throw new RendermillError('not_found', 'The endpoint that this Idempotency-Key made has been deleted.');
    const signing_secret = deps.webhookSecrets.open(caller.project, endpoint.id, endpoint.sealed_secret);
    sendJson(response, 200, { ...present(endpoint), signing_secret });
  });
}

function keyReused(): never {
  throw new RendermillError('idempotency_key_reused', 'This Idempotency-Key was used with another request.');
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
  sendJson(response, 200, page(rows.map(present), start + limit < all.length));
}

async function update(context: Context): Promise<void> {
  const endpoint = await requireEndpoint(context);
  await withBody(context, async (body) => {
    const changes = parseBody(updateEndpointSchema, body.value);
    const url = changes.url === undefined ? endpoint.url : await requireWebhookUrl(context.deps, changes.url, 'url');
    const changed: WebhookEndpoint = {
      ...endpoint,
      name: changes.name ?? endpoint.name,
      event_types: changes.event_types ?? endpoint.event_types,
      url,
      updated_at: Date.now(),
    };
    const repeat = repeatOf(context.deps, context.caller, context.request, body.fingerprint, false);
    const how = await context.deps.webhooks.update(changed, repeat);
    if (how === 'conflict') keyReused();
    if (how === 'gone') noSuchEndpoint();
    sendJson(context.response, 200, present(how === 'existing' ? endpoint : changed));
  });
}

async function remove(context: Context): Promise<void> {
  const { id } = await requireEndpoint(context);
  await context.deps.webhooks.delete(context.caller.project, id);
  sendJson(context.response, 200, { id, object: 'webhook_endpoint.deleted', deleted: true });
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
    const secret = deps.webhookSecrets.open(caller.project, endpoint.id, endpoint.sealed_secret);
    const headers = {
      ...signWebhook([secret], id, Math.floor(now / 1_000), body),
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
    answers: { 200: { description: 'The endpoint with its signing secret.', schema: endpointObject } },
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
    handle: async (context) => sendJson(context.response, 200, present(await requireEndpoint(context))),
  },
  {
    method: 'post',
    path: one,
    operationId: 'updateWebhookEndpoint',
    access: 'webhooks',
    summary: 'Change name, URL or event types.',
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
  {
    method: 'get',
    path: '/v1/webhook_secret',
    operationId: 'getWebhookSecret',
    access: 'admin',
    summary: 'The secret that signs deliveries to per-job webhook_url.',
    tag,
    answers: {
      200: {
        description: 'The secret.',
        schema: z.object({ object: z.literal('webhook_secret'), signing_secret: z.string() }),
      },
    },
    handle: async ({ deps, caller, response }) =>
      sendJson(response, 200, {
        object: 'webhook_secret',
        signing_secret: await deps.webhookSecrets.forProject(caller.project),
      }),
  },
];
