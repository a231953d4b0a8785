import { RendermillError } from '@rendermill/shared/domain/errors';
import { isId } from '@rendermill/shared/domain/ids';
import type { WebhookEndpoint } from '@rendermill/shared/domain/webhook-endpoints';
import type { Context } from './route.js';

/** The endpoint of the path, or 404: the same answer for another project's as for none. */
export async function requireEndpoint({ deps, caller, params }: Context): Promise<WebhookEndpoint> {
  const id = params['id'] ?? '';
  const endpoint = isId('whe', id) ? await deps.webhooks.get(caller.project, id) : null;
  return endpoint ?? noSuchEndpoint();
}

export function noSuchEndpoint(): never {
  throw new RendermillError('not_found', 'There is no webhook endpoint with this id.', { param: 'id' });
}

export function keyReused(): never {
  throw new RendermillError('idempotency_key_reused', 'This Idempotency-Key was used with another request.');
}
