import type { IncomingMessage } from 'node:http';
import { RendermillError } from '@rendermill/shared/domain/errors';

/** What Node lets pass in a request's head, and two readers of it may take for two different things. */

/** Headers of which Node keeps the first, or joins all, where a proxy before us may have gone by another. */
const single: ReadonlySet<string> = new Set([
  'host',
  'authorization',
  'content-type',
  'content-length',
  'idempotency-key',
  'expect',
]);

export function requireSoundHead({ rawHeaders, headers, httpVersion, url = '' }: IncomingMessage): void {
  const seen = new Set<string>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = String(rawHeaders[i]).toLowerCase();
    if (!single.has(name)) continue;
    if (seen.has(name)) throw new RendermillError('duplicate_header', `The header ${name} is there twice: send one.`);
    seen.add(name);
  }
  if (headers.host === undefined && httpVersion === '1.1')
    throw new RendermillError('bad_http', 'HTTP/1.1 asks for a Host header.');
  // Of the absolute form, which is a proxy's, only our own name is ours to answer.
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(url)?.[1];
  if (authority !== undefined && authority.toLowerCase() !== headers.host?.toLowerCase())
    throw new RendermillError('not_found', 'The address names another host than the Host header: this is no proxy.');
  if (headers.expect !== undefined && headers.expect.toLowerCase() !== '100-continue')
    throw new RendermillError('expectation_failed', 'Of Expect only 100-continue is known here.');
}
