import { WebhookVerificationError } from './errors.js';
import type { WebhookEvent } from './types.js';

/** Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`, by Web Crypto. */

export interface WebhookHeaders {
  get(name: string): string | null;
}
type AnyHeaders = WebhookHeaders | Readonly<Record<string, string | readonly string[] | undefined>>;

export interface VerifyOptions {
  /** The body as it came, before anything parsed it. */
  readonly body: string | Uint8Array;
  /** A `Headers`, or Node's `request.headers`. */
  readonly headers: AnyHeaders;
  /** `whsec_…`; several while one is being changed. */
  readonly secret: string | readonly string[];
  /** Seconds that the clocks may differ and a delivery may take: 300. */
  readonly toleranceSeconds?: number;
}

/** The event, where one of the signatures is by one of the secrets and is fresh. */
export async function verifyWebhook(options: VerifyOptions): Promise<WebhookEvent> {
  const { toleranceSeconds = 300 } = options;
  const [id, timestamp, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) =>
    headerOf(options.headers, name),
  );
  if (!id || !timestamp || !signatures)
    fail('webhook-id, webhook-timestamp or webhook-signature is missing: this is no delivery of Rendermill');
  if (!/^\d{1,12}$/.test(timestamp)) fail('webhook-timestamp is not a time in seconds');
  const offSeconds = Math.abs(Date.now() / 1_000 - Number(timestamp));
  if (offSeconds > toleranceSeconds)
    fail(`its time is ${Math.round(offSeconds)} seconds off: it is too old, or a clock is wrong`);
  const body = typeof options.body === 'string' ? new TextEncoder().encode(options.body) : options.body;
  const signed = join(new TextEncoder().encode(`${id}.${timestamp}.`), body);
  const given = signatures.split(' ').flatMap((one) => (one.startsWith('v1,') ? [bytesOf(one.slice(3))] : []));
  const secrets = typeof options.secret === 'string' ? [options.secret] : options.secret;
  for (const key of await Promise.all(secrets.map(keyOf))) {
    for (const signature of given) {
      // `verify` compares in constant time.
      if (signature && (await crypto.subtle.verify('HMAC', key, signature, signed)))
        return JSON.parse(new TextDecoder().decode(body)) as WebhookEvent;
    }
  }
  return fail('no signature fits: the secret is another, or the body is not what was sent');
}

/** The headers of a delivery: for a test of a receiver, and for passing an event on. */
export async function signWebhook(secret: string, id: string, body: string): Promise<Record<string, string>> {
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const signed = new TextEncoder().encode(`${id}.${timestamp}.${body}`);
  const signature = await crypto.subtle.sign('HMAC', await keyOf(secret), signed);
  const text = btoa(String.fromCharCode(...new Uint8Array(signature)));
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${text}` };
}

async function keyOf(secret: string): ReturnType<typeof crypto.subtle.importKey> {
  const raw = bytesOf(secret.replace(/^whsec_/, ''));
  if (!raw || raw.length === 0) fail('the secret is not whsec_ and base64');
  return crypto.subtle.importKey('raw', raw, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);
}

function headerOf(headers: AnyHeaders, name: string): string | null {
  if (typeof headers.get === 'function') return (headers as WebhookHeaders).get(name);
  const found = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  return typeof found === 'string' ? found : Array.isArray(found) ? (found[0] ?? null) : null;
}

/** Null for what is not base64. */
function bytesOf(base64: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  } catch {
    return null;
  }
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(a.length + b.length);
  whole.set(a);
  whole.set(b, a.length);
  return whole;
}

function fail(why: string): never {
  throw new WebhookVerificationError(`The webhook cannot be verified: ${why}.`);
}
