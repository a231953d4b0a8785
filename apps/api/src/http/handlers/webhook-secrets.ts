import { z } from 'zod';
import { parseBody } from '@rendermill/shared/domain/request-body';
import { rotateSecretSchema, secretOverlapMs } from '@rendermill/shared/domain/webhook-endpoints';
import { repeatOf } from '../repeat.js';
import { keyReused, noSuchEndpoint, requireEndpoint } from '../require-endpoint.js';
import { sendJson, type Context, type Route } from '../route.js';
import { errorSchema } from '../schemas.js';
import { endpointObject, presentEndpoint } from '../webhook-schemas.js';
import { withBody } from '../with-body.js';

/** Signing secrets: an endpoint's new one, and the project's for `webhook_url`. */

async function rotate(context: Context): Promise<void> {
  const { deps, caller, request, response } = context;
  const { id } = await requireEndpoint(context);
  await withOptionalBody(context, async (value, fingerprint) => {
    const { keep_old_secret_active_for_24_hours: keep } = parseBody(rotateSecretSchema, value);
    const repeat = repeatOf(deps, caller, request, fingerprint, false);
    const secret = deps.webhookSecrets.fresh(caller.project, id);
    const how = await deps.webhooks.rotate(id, secret, keep ? secretOverlapMs : 0, repeat);
    if (how === 'conflict') keyReused();
    const endpoint = (how === 'gone' ? null : await deps.webhooks.get(caller.project, id)) ?? noSuchEndpoint();
    const [signing_secret] = deps.webhookSecrets.of(endpoint);
    sendJson(response, 200, { ...presentEndpoint(endpoint), signing_secret });
  });
}

/** OpenAI's SDKs send no body where no option is given. */
async function withOptionalBody(
  context: Context,
  use: (value: unknown, fingerprint: string) => Promise<void>,
): Promise<void> {
  const { headers } = context.request;
  const empty = headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;
  if (empty) return use({}, '');
  await withBody(context, async (body) => use(body.value, body.fingerprint));
}

async function projectSecret({ deps, caller, response }: Context): Promise<void> {
  const signing_secret = await deps.webhookSecrets.forProject(caller.project);
  sendJson(response, 200, { object: 'webhook_secret', signing_secret });
}

const tag = 'Webhooks';

export const webhookSecretRoutes: readonly Route[] = [
  {
    method: 'post',
    path: '/v1/webhook_endpoints/{id}/rotate_secret',
    operationId: 'rotateWebhookSecret',
    access: 'webhooks',
    summary: 'Make a new signing secret, shown in this answer only. The old one may sign beside it for 24 hours.',
    tag,
    body: rotateSecretSchema,
    bodyOptional: true,
    answers: {
      200: { description: 'The endpoint with its new secret.', schema: endpointObject },
      404: { description: 'There is no such endpoint.', schema: errorSchema },
    },
    handle: rotate,
  },
  {
    method: 'get',
    path: '/v1/webhook_secret',
    operationId: 'getWebhookSecret',
    access: 'admin',
    summary: 'The secret that signs deliveries to the webhook_url of jobs and batches.',
    tag,
    answers: {
      200: {
        description: 'The secret.',
        schema: z.object({ object: z.literal('webhook_secret'), signing_secret: z.string() }),
      },
    },
    handle: projectSecret,
  },
];
