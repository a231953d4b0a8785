import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { KeyBooks, SavedKey } from '@rendermill/shared/adapters/redis/api-key-store';
import {
  adminsKey,
  createKeySchema,
  digestOf,
  hintOf,
  keyFrom,
  projectName,
  repeatableRandom,
  rotateKeySchema,
  standardRequestsPerMinute,
  type ApiKey,
} from '@rendermill/shared/domain/api-keys';
import { RendermillError } from '@rendermill/shared/domain/errors';
import { isId, newId } from '@rendermill/shared/domain/ids';
import { parseBody } from '@rendermill/shared/domain/request-body';
import type { ApiDeps, Caller } from '../../deps.js';
import { apiKeyObject, currentKeyObject } from '../api-key-schema.js';
import { page, pageQuery } from '../list-query.js';
import { repeatOf } from '../repeat.js';
import { sendJson, type Context, type Route } from '../route.js';
import { errorSchema, listOf } from '../schemas.js';
import { withBody } from '../with-body.js';

/** `/v1/api_keys`: scope `admin` is over the keys of its own project, `operator` over those of all. */

const seconds = (ms: number | null): number | null => (ms === null ? null : Math.floor(ms / 1_000));

function present(key: ApiKey, { spent, usedAt }: KeyBooks) {
  return {
    id: key.id,
    object: 'api_key',
    project: key.project,
    name: key.name,
    mode: key.mode,
    scopes: key.scopes,
    key_hint: key.hint,
    created_at: seconds(key.created_at),
    expires_at: seconds(key.expires_at),
    ip_ranges: key.ip_ranges,
    spend_limit: key.spend_limit === null ? null : key.spend_limit / 1_000_000,
    spent: spent / 1_000_000,
    requests_per_minute: key.requests_per_minute,
    images_per_minute: key.images_per_minute,
    images_under_way: key.images_under_way,
    last_used_at: seconds(usedAt),
    rotated_at: seconds(key.rotated_at),
    previous_key_expires_at: seconds(key.previous_until),
  };
}

async function shown({ apiKeys }: ApiDeps, keys: readonly ApiKey[]) {
  const books = await apiKeys.books(keys.map(({ id }) => id));
  return keys.map((key, i) => present(key, books[i] ?? { spent: 0, usedAt: null }));
}

const isOperator = ({ scopes }: Caller): boolean => scopes.includes('operator');

/** The key of the path, or 404: the same answer for another project's key as for none. */
async function requireKey({ deps, caller, params }: Context): Promise<ApiKey> {
  const id = params['id'] ?? '';
  const key = isId('key', id) ? await deps.apiKeys.get(id) : null;
  return key && (isOperator(caller) || key.project === caller.project) ? key : noSuchKey();
}

function noSuchKey(): never {
  throw new RendermillError('not_found', 'There is no API key with this id.', { param: 'id' });
}

/** What a caller may rotate or revoke: a key that it might have made. A rotated key is shown to who rotates it. */
async function requireOwnReach(context: Context): Promise<ApiKey> {
  const key = await requireKey(context);
  const { caller } = context;
  if (isOperator(caller)) return key;
  if (key.scopes.includes('operator'))
    refuse('insufficient_scope', 'id', "id: to change a key that has 'operator' needs the scope 'operator'.");
  if (caller.mode === 'test' && key.mode === 'live')
    refuse('insufficient_scope', 'id', 'id: a test key changes test keys only.');
  return key;
}

function refuse(code: 'invalid_parameter' | 'insufficient_scope', param: string, message: string): never {
  throw new RendermillError(code, message, { param });
}

/** What a caller may make: never more than it may do itself. */
function requireLeave(caller: Caller, wanted: z.output<typeof createKeySchema>): void {
  const { project, mode, scopes, expires_at } = wanted;
  if (!isOperator(caller)) {
    const only = "needs the scope 'operator'";
    if (project !== caller.project)
      refuse('insufficient_scope', 'project', `project: a key of another project than ${caller.project} ${only}.`);
    if (scopes.includes('operator')) refuse('insufficient_scope', 'scopes', `scopes: to give 'operator' ${only}.`);
    if (caller.mode === 'test' && mode === 'live')
      refuse('insufficient_scope', 'mode', 'mode: a test key makes test keys only.');
  }
  const keyMaker = scopes.some((scope) => scope === 'admin' || scope === 'operator');
  if (scopes.includes('operator') && (mode === 'test' || project !== 'default'))
    refuse('invalid_parameter', 'scopes', "scopes: 'operator' is over all projects: for live keys of 'default' only.");
  // A key that makes keys would make itself one without the limit.
  for (const limit of ['spend_limit', 'images_per_minute', 'images_under_way'] as const)
    if (wanted[limit] != null && keyMaker)
      refuse('invalid_parameter', limit, `${limit}: a key that can make keys cannot be limited by it.`);
  if (expires_at != null && expires_at * 1_000 <= Date.now())
    refuse('invalid_parameter', 'expires_at', 'expires_at: has passed already.');
}

/** A key with what its row says of it. */
async function newKey({ pepper }: ApiDeps, mode: ApiKey['mode'], repeat: string) {
  // As it lies in Redis now: a key under another would be void with this process.
  if (!(await pepper.read())) {
    const message =
      'API keys cannot be made: they are sealed with another RENDERMILL_SECRET. Set it as RENDERMILL_SECRET_PREVIOUS; docs/keys.md says what to do where it is lost.';
    throw new RendermillError('secret_unreadable', message);
  }
  const salt = repeat === '' ? null : randomBytes(16).toString('hex');
  const text = keyFrom(mode, salt === null ? randomBytes(32) : repeatableRandom(pepper.present, repeat, salt));
  return { text, digest: digestOf(pepper.present, text), row: { salt, hint: hintOf(text) } };
}

/** The key that the same request made before; null where it has been rotated since. */
async function keyAgain({ pepper, apiKeys }: ApiDeps, { id, mode, salt }: ApiKey, repeat: string) {
  if (salt === null) return null;
  const text = keyFrom(mode, repeatableRandom(pepper.present, repeat, salt));
  return (await apiKeys.leads(digestOf(pepper.present, text), id)) ? text : null;
}

async function answer(context: Context, { how, id }: SavedKey, made: string, repeat: string): Promise<void> {
  const { deps, response } = context;
  if (how === 'conflict')
    throw new RendermillError('idempotency_key_reused', 'This Idempotency-Key was used with another request.');
  const key = (await deps.apiKeys.get(id)) ?? noSuchKey();
  const text = how === 'existing' ? await keyAgain(deps, key, repeat) : made;
  const [object] = await shown(deps, [key]);
  sendJson(response, 200, { ...object, key: text });
}

async function create(context: Context): Promise<void> {
  const { deps, caller, request } = context;
  await withBody(context, async (body) => {
    const wanted = parseBody(createKeySchema, body.value);
    requireLeave(caller, wanted);
    const { expires_at, spend_limit, ip_ranges, ...given } = wanted;
    const repeat = repeatOf(deps, caller, request, body.fingerprint, false);
    const { text, digest, row } = await newKey(deps, wanted.mode, repeat.key);
    const key: ApiKey = {
      ...given,
      ...row,
      id: newId('key'),
      created_at: Date.now(),
      expires_at: expires_at == null ? null : expires_at * 1_000,
      ip_ranges: ip_ranges ?? [],
      spend_limit: spend_limit == null ? null : Math.round(spend_limit * 1_000_000),
      requests_per_minute: wanted.requests_per_minute ?? standardRequestsPerMinute,
      images_per_minute: wanted.images_per_minute ?? null,
      images_under_way: wanted.images_under_way ?? null,
      rotated_at: null,
      previous_until: null,
    };
    await answer(context, await deps.apiKeys.create(key, digest, repeat), text, repeat.key);
  });
}

async function rotate(context: Context): Promise<void> {
  const { deps, caller, request } = context;
  const before = await requireOwnReach(context);
  await withBody(context, async (body) => {
    const { overlap_hours } = parseBody(rotateKeySchema, body.value);
    const repeat = repeatOf(deps, caller, request, body.fingerprint, false);
    const { text, digest, row } = await newKey(deps, before.mode, repeat.key);
    const now = Date.now();
    const overlapMs = Math.round(overlap_hours * 3_600_000);
    const key: ApiKey = { ...before, ...row, rotated_at: now, previous_until: now + overlapMs };
    const saved = await deps.apiKeys.rotate(key, digest, overlapMs, repeat);
    if (saved.how === 'gone') noSuchKey();
    await answer(context, saved, text, repeat.key);
  });
}

async function remove(context: Context): Promise<void> {
  const key = await requireOwnReach(context);
  await context.deps.apiKeys.delete(key);
  sendJson(context.response, 200, { id: key.id, object: 'api_key.deleted', deleted: true });
}

const listQuery = z.strictObject({
  ...pageQuery,
  project: projectName.optional().describe('Only keys of this project.'),
});

async function list({ deps, caller, query, response }: Context): Promise<void> {
  const { after, limit, order, project } = query as z.output<typeof listQuery>;
  const own = isOperator(caller) ? (project ?? null) : caller.project;
  // Another project's keys are none, whether there are any or not.
  const newestFirst = project !== undefined && own !== project ? [] : await deps.apiKeys.list(own);
  const all = order === 'desc' ? newestFirst : newestFirst.reverse();
  const start = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1;
  if (after !== undefined && start === 0) {
    const message = `after: there is no API key '${after}' any more; begin at the first page`;
    throw new RendermillError('invalid_parameter', message, { param: 'after' });
  }
  const rows = await shown(deps, all.slice(start, start + limit));
  sendJson(response, 200, page(rows, start + limit < all.length));
}

async function get(context: Context): Promise<void> {
  const [object] = await shown(context.deps, [await requireKey(context)]);
  sendJson(context.response, 200, object);
}

/** What the key that asks may do: a program can fit itself to it. */
async function current({ deps, caller, response }: Context): Promise<void> {
  const key = caller.keyId === adminsKey.id ? adminsKey : ((await deps.apiKeys.get(caller.keyId)) ?? noSuchKey());
  const [object] = await shown(deps, [key]);
  const served = deps.accounts.filter(({ modes }) => modes.includes(key.mode));
  sendJson(response, 200, { ...object, simulated: served.every(({ preset }) => preset.id === 'simulator') });
}

const tag = 'API keys';
const access = 'admin';
const one = '/v1/api_keys/{id}';
const notFound = { description: 'There is no such key.', schema: errorSchema };
const withKey = apiKeyObject.extend({
  key: z
    .string()
    .nullable()
    .describe('The key, shown in this answer alone; null where a repeat finds it rotated since.'),
});

export const apiKeyRoutes: readonly Route[] = [
  {
    method: 'post',
    path: '/v1/api_keys',
    operationId: 'createApiKey',
    access,
    summary: 'Make an API key, and its project where that is new. The key is shown in this answer only.',
    tag,
    body: createKeySchema,
    answers: { 200: { description: 'What was made, with the key.', schema: withKey } },
    handle: create,
  },
  {
    method: 'get',
    path: '/v1/api_keys',
    operationId: 'listApiKeys',
    access,
    summary: 'List API keys: those of the own project, or of all with the scope operator.',
    tag,
    query: listQuery,
    answers: { 200: { description: 'One page.', schema: listOf(apiKeyObject) } },
    handle: list,
  },
  // Before the one with an id in this place.
  {
    method: 'get',
    path: '/v1/api_keys/current',
    operationId: 'getCurrentApiKey',
    access: 'any',
    summary: 'The key that asks: its project, mode, scopes and limits, and whether anything is spent by it.',
    tag,
    answers: { 200: { description: 'All but the key.', schema: currentKeyObject } },
    handle: current,
  },
  {
    method: 'get',
    path: one,
    operationId: 'getApiKey',
    access,
    summary: 'What an API key may do, and what was spent with it.',
    tag,
    answers: { 200: { description: 'All but the key.', schema: apiKeyObject }, 404: notFound },
    handle: get,
  },
  {
    method: 'post',
    path: `${one}/rotate`,
    operationId: 'rotateApiKey',
    access,
    summary: 'Give it another secret; the one so far works for overlap_hours more.',
    tag,
    body: rotateKeySchema,
    answers: { 200: { description: 'The same with its new key.', schema: withKey }, 404: notFound },
    handle: rotate,
  },
  {
    method: 'delete',
    path: one,
    operationId: 'deleteApiKey',
    access,
    summary: 'Revoke it: within a second no process takes it any more. What it ordered goes on.',
    tag,
    answers: {
      200: {
        description: 'Revoked.',
        schema: z.object({ id: z.string(), object: z.literal('api_key.deleted'), deleted: z.literal(true) }),
      },
      404: notFound,
    },
    handle: remove,
  },
];
