import { OutboundError } from '@rendermill/shared/adapters/http/outbound';
import { RendermillError } from '@rendermill/shared/domain/errors';
import type { ApiDeps } from '../deps.js';

/** A URL that deliveries may go to: HTTPS on port 443 at a public address, or what RENDERMILL_ALLOW_NETS permits. */
export async function requireWebhookUrl(deps: Pick<ApiDeps, 'outbound'>, url: string, param: string): Promise<string> {
  try {
    const checked = await deps.outbound.check(url, true);
    if (checked.hash !== '') throw new OutboundError('blocked', 'a webhook URL has no fragment');
    return checked.href;
  } catch (error) {
    if (error instanceof OutboundError)
      throw new RendermillError('invalid_parameter', `${param}: ${error.message}.`, { param, cause: error });
    throw error;
  }
}
