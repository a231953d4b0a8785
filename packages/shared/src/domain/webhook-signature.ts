import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Standard Webhooks 1.0.0, symmetric: HMAC-SHA256 over `{id}.{timestamp}.{body}`. */

const secretPrefix = 'whsec_';

/** A new signing secret: `whsec_` and 32 random bytes in base64. */
export function newWebhookSecret(): string {
  return secretPrefix + randomBytes(32).toString('base64');
}

/** The key bytes of a secret: base64 after `whsec_`, anything else as it stands. 24 to 64 bytes, by the standard. */
function keyOf(secret: string): Buffer {
  const key = secret.startsWith(secretPrefix)
    ? Buffer.from(secret.slice(secretPrefix.length), 'base64')
    : Buffer.from(secret, 'utf8');
  if (key.length < 24 || key.length > 64)
    throw new Error('a webhook secret has 24 to 64 bytes after whsec_, in base64');
  return key;
}

/** True for a secret that deliveries can be signed with. */
export function isWebhookSecret(secret: string): boolean {
  if (!/^whsec_[A-Za-z0-9+/]+=*$/.test(secret)) return false;
  const bytes = Buffer.from(secret.slice(secretPrefix.length), 'base64').length;
  return bytes >= 24 && bytes <= 64;
}

export interface SignedHeaders {
  readonly 'webhook-id': string;
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
}

/**
 * The three headers for these exact bytes, signed with each secret: during a rotation the new and the old one.
 * `timestamp` is the time of this sending, in unix seconds.
 */
export function signWebhook(secrets: readonly string[], id: string, timestamp: number, body: string): SignedHeaders {
  if (!/^[A-Za-z0-9_-]+$/.test(id))
    throw new Error('an event id must not contain what the signature uses as a separator');
  const signed = `${id}.${timestamp}.${body}`;
  const signatures = secrets.map(
    (secret) => `v1,${createHmac('sha256', keyOf(secret)).update(signed).digest('base64')}`,
  );
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatures.join(' '),
  };
}

/** What a receiver does; ours is for the demo and examples. `now` in unix seconds, tolerance as the libraries' ±300 s. */
export function verifyWebhook(
  secret: string,
  headers: Readonly<Record<string, string | undefined>>,
  body: string,
  now: number,
  toleranceSeconds = 300,
): boolean {
  const id = headers['webhook-id'];
  const timestamp = headers['webhook-timestamp'];
  const given = headers['webhook-signature'];
  if (!id || !timestamp || !given || !/^\d+$/.test(timestamp)) return false;
  if (Math.abs(now - Number(timestamp)) > toleranceSeconds) return false;
  const expected = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest();
  return given.split(' ').some((candidate) => {
    if (!candidate.startsWith('v1,')) return false;
    const signature = Buffer.from(candidate.slice(3), 'base64');
    return signature.length === expected.length && timingSafeEqual(signature, expected);
  });
}
