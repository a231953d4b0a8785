import type { EventType } from '../../domain/events.js';
import {
  maxEndpoints,
  type DisabledReason,
  type EndpointChanges,
  type WebhookEndpoint,
} from '../../domain/webhook-endpoints.js';
import { idempotencyTtlMs, type Repeat } from './job-store.js';
import type { ScriptRunner } from './scripts.js';

/** Webhook endpoints: a small hash each, of which a change writes what it changes and nothing else. */

type EndpointRepeat = Pick<Repeat, 'key' | 'fingerprint'>;
type Saved = 'saved' | 'existing' | 'conflict';

/** What is given when an endpoint is made. */
export type NewEndpoint = Pick<
  WebhookEndpoint,
  | 'id'
  | 'project'
  | 'name'
  | 'url'
  | 'event_types'
  | 'max_per_minute'
  | 'links_at'
  | 'created_at'
  | 'sealed_secret'
  | 'secret_hint'
>;

export class WebhookStore {
  readonly #scripts: ScriptRunner;

  constructor(scripts: ScriptRunner) {
    this.#scripts = scripts;
  }

  /** Writes a new endpoint; a repeat by Idempotency-Key finds the one that is there. `full`: the project has all it may. */
  async create(endpoint: NewEndpoint, repeat: EndpointRepeat): Promise<{ how: Saved | 'full'; id: string }> {
    const { id, project, created_at, sealed_secret, secret_hint } = endpoint;
    const fields = { created: created_at, secret: sealed_secret, hint: secret_hint, enabled: '1', ...encode(endpoint) };
    const [how, saved] = await this.#save(id, project, repeat, 0, fields);
    return { how: how as Saved | 'full', id: saved };
  }

  /** Changes an endpoint; `gone` where it has been deleted since it was read. */
  async update(
    { id, project }: WebhookEndpoint,
    changes: EndpointChanges,
    repeat: EndpointRepeat,
  ): Promise<Saved | 'gone'> {
    const [how] = await this.#save(id, project, repeat, 1, encode(changes));
    return how as Saved | 'gone';
  }

  /** The secret that signs from now on; the old one signs beside it for `overlapMs`. */
  async rotate(
    id: string,
    secret: Pick<WebhookEndpoint, 'sealed_secret' | 'secret_hint'>,
    overlapMs: number,
    repeat: EndpointRepeat,
  ): Promise<Saved | 'gone'> {
    return (await this.#scripts.run(
      'rotate-secret',
      id,
      secret.sealed_secret,
      secret.secret_hint,
      Date.now(),
      overlapMs,
      repeat.key,
      repeat.fingerprint,
      idempotencyTtlMs,
    )) as Saved | 'gone';
  }

  /** Null too where it is another project's. */
  async get(project: string, id: string): Promise<WebhookEndpoint | null> {
    const { client } = this.#scripts;
    const [row, failing] = await Promise.all([
      client.hgetall(this.#scripts.key('endpoint', id)),
      client.get(this.#scripts.key('failing', id)),
    ]);
    return row['project'] === project ? decode(id, row, failing) : null;
  }

  /** Newest first. */
  async list(project: string): Promise<WebhookEndpoint[]> {
    const ids = await this.#scripts.client.zrevrange(this.#scripts.key('endpoints', project), 0, -1);
    const rows = await Promise.all(ids.map(async (id) => this.get(project, id)));
    return rows.filter((row) => row !== null);
  }

  async delete({ id, project }: WebhookEndpoint): Promise<boolean> {
    return (await this.#scripts.run('delete-endpoint', id, project)) === 1;
  }

  /** The project's own signing secret, sealed: kept where there is one already. */
  async projectSecret(project: string, sealed: string): Promise<string> {
    const key = this.#scripts.key('webhook-secret', project);
    await this.#scripts.client.multi().setnx(key, sealed).sadd(this.#scripts.key('projects'), project).exec();
    return (await this.sealedProjectSecret(project)) ?? sealed;
  }

  async sealedProjectSecret(project: string): Promise<string | null> {
    return this.#scripts.client.get(this.#scripts.key('webhook-secret', project));
  }

  /** Every project that there is anything of. */
  async projects(): Promise<string[]> {
    return this.#scripts.client.smembers(this.#scripts.key('projects'));
  }

  /** The same secret under another seal; false where it was changed meanwhile. `endpoint` '': the project's own. */
  async reseal(project: string, endpoint: string, was: string, fresh: string): Promise<boolean> {
    const place = endpoint === '' ? `webhook-secret:${project}` : `endpoint:${endpoint}`;
    return (await this.#scripts.run('reseal', place, was, fresh)) === 1;
  }

  async #save(
    id: string,
    project: string,
    repeat: EndpointRepeat,
    change: 0 | 1,
    fields: Readonly<Record<string, string | number>>,
  ): Promise<[Saved | 'gone' | 'full', string]> {
    return (await this.#scripts.run(
      'save-endpoint',
      id,
      project,
      repeat.key,
      repeat.fingerprint,
      idempotencyTtlMs,
      change,
      maxEndpoints,
      ...Object.entries(fields).flat(),
    )) as [Saved | 'gone' | 'full', string];
  }
}

function encode(endpoint: Partial<WebhookEndpoint>): Record<string, string | number> {
  const { name, url, event_types, max_per_minute, links_at, enabled, updated_at } = endpoint;
  return {
    ...(name === undefined ? {} : { name }),
    ...(url === undefined ? {} : { url }),
    // Blanks at both ends: the scripts look for a type between blanks.
    ...(event_types === undefined ? {} : { types: ` ${event_types.join(' ')} ` }),
    ...(max_per_minute === undefined ? {} : { rate: max_per_minute ?? '' }),
    ...(links_at === undefined ? {} : { links: links_at ?? '' }),
    ...(enabled === undefined ? {} : { enabled: enabled ? '1' : '0' }),
    ...(updated_at == null ? {} : { updated: updated_at }),
  };
}

function decode(id: string, row: Readonly<Record<string, string>>, failing: string | null): WebhookEndpoint {
  const number = (text: string | null | undefined): number | null => (text ? Number(text) : null);
  return {
    id,
    project: row['project'] ?? '',
    name: row['name'] ?? '',
    url: row['url'] ?? '',
    event_types: (row['types'] ?? '').trim().split(' ') as EventType[],
    max_per_minute: number(row['rate']),
    links_at: row['links'] || null,
    created_at: Number(row['created']),
    updated_at: number(row['updated']),
    sealed_secret: row['secret'] ?? '',
    old_secrets: JSON.parse(row['old'] ?? '[]') as WebhookEndpoint['old_secrets'],
    secret_hint: row['hint'] ?? '',
    enabled: row['enabled'] === '1',
    disabled_at: number(row['disabled']),
    disabled_reason: (row['reason'] as DisabledReason | undefined) ?? null,
    failing_since: number(failing),
  };
}
