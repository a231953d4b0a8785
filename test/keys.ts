import { scopes } from '@rendermill/shared/domain/api-keys';
import type { Answer, World } from './world.js';

/** API keys of a test's own, and calls with them. */

export interface MadeKey {
  readonly id: string;
  readonly key: string;
  readonly project: string;
  readonly call: World['call'];
}

/** What a tenant's key may do: all but what is over every project. */
export const tenantScopes = scopes.filter((scope) => scope !== 'operator');

export function callWith(world: World, key: string): World['call'] {
  return async (method, path, body, headers = {}) =>
    world.call(method, path, body, { authorization: `Bearer ${key}`, ...headers });
}

export async function askForKey(
  world: World,
  body: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): Promise<Answer<{ id: string; key: string; project: string; error?: { code: string; param: string | null } }>> {
  const whole = { name: 'a test', project: 'acme', mode: 'live', scopes: tenantScopes, ...body };
  return world.call('POST', '/v1/api_keys', whole, headers);
}

export async function makeKey(world: World, body: Record<string, unknown> = {}): Promise<MadeKey> {
  const answer = await askForKey(world, body);
  if (answer.status !== 200) throw new Error(`POST /v1/api_keys: ${answer.status} ${JSON.stringify(answer.body)}`);
  const { id, key, project } = answer.body;
  return { id, key, project, call: callWith(world, key) };
}
