import type { Request, Response } from 'express';
import { standardRequestsPerMinute, type ApiKey } from '@rendermill/shared/domain/api-keys';
import { RendermillError } from '@rendermill/shared/domain/errors';
import { inRanges } from '@rendermill/shared/domain/ip-ranges';
import type { ApiDeps, Caller } from '../deps.js';
import type { Access } from './route.js';

/** Who asks, whether the key works from here and now, whether it may ask again so soon, and for this: in that order. */
export async function admit(
  deps: Pick<ApiDeps, 'keys' | 'requestLimits'>,
  request: Request,
  response: Response,
  access: Exclude<Access, 'open'>,
): Promise<Caller> {
  const address = request.ip ?? '';
  const key = await deps.keys.identify(bearer(request), address);
  requireValid(key, address);
  await requireRate(deps, key, response);
  if (access !== 'any' && !key.scopes.includes(access)) {
    const message = `This needs the scope '${access}', which this API key does not have (it has: ${key.scopes.join(', ')}).`;
    throw new RendermillError('insufficient_scope', message);
  }
  const { project, id: keyId, mode, scopes, spend_limit: spendLimit } = key;
  return { project, keyId, mode, scopes, spendLimit };
}

/** The key in `Authorization: Bearer …`. */
function bearer(request: Request): string {
  const header = request.headers.authorization;
  if (header === undefined) {
    throw new RendermillError('missing_api_key', 'Send your API key: Authorization: Bearer rm_live_…');
  }
  const key = /^Bearer +(\S+) *$/i.exec(header)?.[1];
  if (key === undefined) {
    throw new RendermillError('invalid_api_key', 'Send the API key as Authorization: Bearer rm_live_…');
  }
  return key;
}

function requireValid({ expires_at, ip_ranges }: ApiKey, address: string): void {
  if (expires_at !== null && expires_at <= Date.now()) {
    throw new RendermillError('invalid_api_key', 'This API key has expired: use another.');
  }
  if (ip_ranges.length > 0 && !inRanges(address, ip_ranges)) {
    const message = `This API key does not work from ${address}: its ip_ranges name the addresses it works from.`;
    throw new RendermillError('ip_not_allowed', message);
  }
}

/** Counts the request; the answer says how many are left, as draft-ietf-httpapi-ratelimit-headers writes it. */
async function requireRate(
  { requestLimits }: Pick<ApiDeps, 'requestLimits'>,
  { id, requests_per_minute: limit }: ApiKey,
  response: Response,
): Promise<void> {
  if (limit === null) return;
  const { count, leftMs } = await requestLimits.countRequest(id);
  const seconds = Math.max(1, Math.ceil(leftMs / 1_000));
  response.set({
    'ratelimit-policy': `"requests";q=${limit};w=60`,
    ratelimit: `"requests";r=${Math.max(0, limit - count)};t=${seconds}`,
  });
  if (count <= limit) return;
  const message = `This API key may ask ${limit} times a minute: try again in ${seconds} s.${limit < standardRequestsPerMinute ? '' : ' Many jobs go better as one batch: POST /v1/batches.'}`;
  throw new RendermillError('rate_limit_exceeded', message, { retryAfterMs: leftMs });
}
