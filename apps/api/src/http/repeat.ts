import { randomBytes } from 'node:crypto';
import type { Request } from 'express';
import type { Repeat } from '@rendermill/shared/adapters/redis/job-store';
import { RendermillError } from '@rendermill/shared/domain/errors';
import { sha256 } from '@rendermill/shared/domain/ids';
import type { ApiDeps, Caller } from '../deps.js';

/**
 * What tells a repeated request from a new one. The Idempotency-Key is taken bare or in quotes (the draft's form), in
 * the scope of project, mode, method and path. Without one, a held call can be told by API key, route and body.
 */
export function repeatOf(
  deps: Pick<ApiDeps, 'holder'>,
  caller: Caller,
  request: Request,
  fingerprint: string,
  held: boolean,
): Repeat {
  const key = idempotencyKey(request);
  // What a test key ordered is no answer to a live one.
  const mode = caller.mode === 'test' ? '|test' : '';
  const scope = `${caller.project}${mode}|${request.method}|${request.path}`;
  return {
    key: key === null ? '' : sha256(`${scope}|${key}`),
    fingerprint,
    claim: key === null && held ? sha256(`${caller.keyId}|${scope}|${fingerprint}`) : '',
    holder: held ? `${deps.holder}.${randomBytes(9).toString('base64url')}` : '',
  };
}

/** Null: none was sent. Throws for what is none, also where a route needs none to tell a repeat. */
export function idempotencyKey(request: Request): string | null {
  const header = request.headers['idempotency-key'];
  if (header === undefined) return null;
  const text = Array.isArray(header) ? header.join(',') : header;
  const bare = /^"(.*)"$/.exec(text)?.[1] ?? text;
  if (!/^[\x21-\x7e]{1,255}$/.test(bare)) {
    throw new RendermillError(
      'invalid_idempotency_key',
      'An Idempotency-Key has 1 to 255 printable ASCII characters without spaces.',
    );
  }
  return bare;
}
