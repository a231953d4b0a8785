import { createHmac } from 'node:crypto';
import type { Received } from './receiver.js';
import { until } from './until.js';
import type { World } from './world.js';

/** What tests of webhooks say to the API, and what the standard says of what comes. */

export interface Endpoint {
  readonly id: string;
  readonly signing_secret: string;
  readonly enabled: boolean;
  readonly disabled_reason: string | null;
  readonly failing_since: number | null;
}

export interface LoggedDelivery {
  readonly id: string;
  readonly event_id: string;
  readonly webhook_endpoint_id: string | null;
  readonly url: string;
  readonly status: string;
  readonly next_attempt_at: number | null;
  readonly attempts: { http_status: number | null; error: string | null; response_body: string | null }[];
  readonly event?: { id: string; type: string; sequence: number };
}

/** Registers `path` of the world's receiver. */
export async function register(
  world: World,
  path: string,
  event_types: string[],
  more: Record<string, unknown> = {},
): Promise<Endpoint> {
  const body = { name: path, url: world.receiver.url + path, event_types, ...more };
  const answer = await world.call<Endpoint>('POST', '/v1/webhook_endpoints', body);
  if (answer.status !== 200) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** By Node's own HMAC and nothing of ours: which of the secrets signed this. */
export function signers({ headers, body }: Received, secrets: readonly string[]): string[] {
  const given = String(headers['webhook-signature']).split(' ');
  return secrets.filter((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    const signed = [headers['webhook-id'], headers['webhook-timestamp'], body].join('.');
    return given.includes(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
  });
}

/** An event, `job.completed`; answers its job's id. */
export async function completed(world: World, body: Record<string, unknown> = {}): Promise<string> {
  const { id } = await world.submit(body);
  const { status } = await world.ended(id);
  if (status !== 'completed') throw new Error(`the job is ${status}`);
  return id;
}

export async function deliveries(world: World, endpoint: string, query = ''): Promise<LoggedDelivery[]> {
  const path = `/v1/webhook_endpoints/${endpoint}/deliveries${query}`;
  return (await world.call<{ data: LoggedDelivery[] }>('GET', path)).body.data;
}

/** The deliveries of an endpoint, newest first, once so many are `status`. */
export async function settled(world: World, endpoint: string, status: string, count = 1): Promise<LoggedDelivery[]> {
  let found: LoggedDelivery[] = [];
  await until(async () => {
    found = (await deliveries(world, endpoint, '?limit=100')).filter((one) => one.status === status);
    return found.length >= count;
  });
  return found;
}
