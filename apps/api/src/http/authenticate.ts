import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request } from 'express';
import { RendermillError } from '@rendermill/shared/domain/errors';
import type { ApiDeps, Caller } from '../deps.js';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Who the key in `Authorization: Bearer …` belongs to. Compared in constant time, over digests of equal length. */
export function authenticate(deps: Pick<ApiDeps, 'settings'>, request: Request): Caller {
  const header = request.headers.authorization;
  if (header === undefined) {
    throw new RendermillError('missing_api_key', 'Send your API key: Authorization: Bearer rm_live_…');
  }
  const key = /^Bearer +(\S+) *$/i.exec(header)?.[1];
  if (key === undefined || !timingSafeEqual(digest(key), digest(deps.settings.adminKey))) {
    throw new RendermillError('invalid_api_key', 'Incorrect API key provided.');
  }
  return { project: 'default', keyId: 'admin', mode: 'live', scopes: 'all' };
}
