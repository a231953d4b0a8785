import type { Request, Response } from 'express';
import { standardRequestsPerMinute, type ApiKey, type Scope } from '@rendermill/shared/domain/api-keys';
import { errorTable, RendermillError } from '@rendermill/shared/domain/errors';
import { inRanges } from '@rendermill/shared/domain/ip-ranges';
import type { ApiDeps, Caller } from '../deps.js';
import { imageQuotas, tellQuotas } from './quotas.js';
import { scopesFor, type Access, type Context } from './route.js';

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
  await deps.keys.used(key);
  await requireRate(deps, key, response);
  requireOneOf(scopesFor(access), key);
  return callerOf(key);
}

function requireOneOf(enough: readonly Scope[], { scopes }: ApiKey): void {
  if (enough.length === 0 || enough.some((scope) => scopes.includes(scope))) return;
  const names = enough.map((scope) => `'${scope}'`).join(' or ');
  const message = `This needs the scope ${names}, which this API key does not have (it has: ${scopes.join(', ')}).`;
  throw new RendermillError('insufficient_scope', message);
}

/** Whether the key that began a long answer still works: it may have been revoked or have expired meanwhile. */
export async function stillAdmitted({ deps, request }: Pick<Context, 'deps' | 'request'>): Promise<boolean> {
  try {
    requireValid(await deps.keys.identify(bearer(request), request.ip ?? ''), request.ip ?? '');
    return true;
  } catch (error) {
    if (error instanceof RendermillError && errorTable[error.code].status < 500) return false;
    throw error;
  }
}

function callerOf({ project, id: keyId, mode, scopes, ...key }: ApiKey): Caller {
  const { spend_limit: spendLimit, images_per_minute: imagesPerMinute, images_under_way: imagesUnderWay } = key;
  return { project, keyId, mode, scopes, spendLimit, imagesPerMinute, imagesUnderWay };
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

/** Counts the request; the answer says how many are left. */
async function requireRate(
  { requestLimits }: Pick<ApiDeps, 'requestLimits'>,
  key: ApiKey,
  response: Response,
): Promise<void> {
  const { id, requests_per_minute: limit } = key;
  if (limit === null) return;
  const [{ count, leftMs }, images] = await Promise.all([
    requestLimits.countRequest(id),
    imageQuotas(requestLimits, callerOf(key)),
  ]);
  const seconds = Math.max(1, Math.ceil(leftMs / 1_000));
  tellQuotas(response, [{ name: 'requests', limit, used: count, leftMs }, ...images]);
  if (count <= limit) return;
  const message = `This API key may ask ${limit} times a minute: try again in ${seconds} s.${limit < standardRequestsPerMinute ? '' : ' Many jobs go better as one batch: POST /v1/batches.'}`;
  throw new RendermillError('rate_limit_exceeded', message, { retryAfterMs: leftMs });
}
