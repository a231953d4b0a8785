import type { EventType, StoredEvent } from '../../domain/events.js';
import type { Delivery, DeliveryAttempt, WebhookEndpoint } from '../../domain/webhook-endpoints.js';
import { idempotencyTtlMs, type Repeat } from './job-store.js';
import type { Due } from './feed.js';
import type { ScriptRunner } from './scripts.js';

/** Webhook endpoints, events and the deliveries between them: the outbox's readers. */

/** How long a deliverer may take before another may try the same delivery. */
const loanMs = 60_000;

export interface DueDelivery {
  readonly id: string;
  /** Tries made so far. */
  readonly made: number;
}

type EndpointRepeat = Pick<Repeat, 'key' | 'fingerprint'>;
type Saved = 'saved' | 'existing' | 'conflict';

export class WebhookStore {
  readonly #scripts: ScriptRunner;

  constructor(scripts: ScriptRunner) {
    this.#scripts = scripts;
  }

  /** Writes a new endpoint; a repeat by Idempotency-Key finds the one that is there. */
  async create(endpoint: WebhookEndpoint, repeat: EndpointRepeat): Promise<{ how: Saved; id: string }> {
    const [how, id] = await this.#save(endpoint, repeat, 0);
    return { how: how as Saved, id };
  }

  /** Changes an endpoint; `gone` where it has been deleted since it was read. */
  async update(endpoint: WebhookEndpoint, repeat: EndpointRepeat): Promise<Saved | 'gone'> {
    const [how] = await this.#save(endpoint, repeat, 1);
    return how;
  }

  async #save(endpoint: WebhookEndpoint, repeat: EndpointRepeat, change: 0 | 1): Promise<[Saved | 'gone', string]> {
    return (await this.#scripts.run(
      'save-endpoint',
      endpoint.id,
      endpoint.project,
      endpoint.created_at,
      JSON.stringify(endpoint),
      endpoint.enabled ? '1' : '0',
      ` ${endpoint.event_types.join(' ')} `,
      endpoint.url,
      repeat.key,
      repeat.fingerprint,
      idempotencyTtlMs,
      change,
    )) as [Saved | 'gone', string];
  }

  /** Null too where it is another project's. */
  async get(project: string, id: string): Promise<WebhookEndpoint | null> {
    const row = await this.#scripts.client.hget(this.#scripts.key('endpoint', id), 'row');
    const endpoint = row ? (JSON.parse(row) as WebhookEndpoint) : null;
    return endpoint?.project === project ? endpoint : null;
  }

  /** Newest first. */
  async list(project: string): Promise<WebhookEndpoint[]> {
    const ids = await this.#scripts.client.zrevrange(this.#scripts.key('endpoints', project), 0, -1);
    const rows = await Promise.all(ids.map((id) => this.get(project, id)));
    return rows.filter((row) => row !== null);
  }

  async delete(project: string, id: string): Promise<boolean> {
    if (!(await this.get(project, id))) return false;
    await this.#scripts.client
      .multi()
      .zrem(this.#scripts.key('endpoints', project), id)
      .del(this.#scripts.key('endpoint', id))
      .exec();
    return true;
  }

  /** The project's own signing secret, sealed: kept where there is one already. */
  async projectSecret(project: string, sealed: string): Promise<string> {
    const key = this.#scripts.key('webhook-secret', project);
    await this.#scripts.client.setnx(key, sealed);
    return (await this.#scripts.client.get(key)) ?? sealed;
  }

  async takeDue(limit: number): Promise<Due<DueDelivery>> {
    const [found, next] = (await this.#scripts.run('take-deliveries', limit, loanMs)) as [string[][], number];
    return { found: found.map(([id = '', made]) => ({ id, made: Number(made) })), nextMs: next < 0 ? null : next };
  }

  /** A delivery with its event, or null where either is past its retention. It goes where its endpoint is now. */
  async delivery(id: string): Promise<{ delivery: Delivery; event: StoredEvent } | null> {
    const row = await this.#scripts.client.hgetall(this.#scripts.key('delivery', id));
    if (!row['event']) return null;
    const fields = await this.#scripts.client.hgetall(this.#scripts.key('event', row['event']));
    if (!fields['type']) return null;
    const endpoint = row['endpoint'] ?? '';
    const moved = await this.#scripts.client.hget(this.#scripts.key('endpoint', endpoint), 'url');
    return {
      delivery: {
        id,
        project: row['project'] ?? '',
        event: row['event'],
        endpoint,
        url: moved ?? row['url'] ?? '',
        status: row['status'] as Delivery['status'],
        attempts: JSON.parse(row['attempts'] ?? '[]') as DeliveryAttempt[],
        next_at: row['next'] ? Number(row['next']) : null,
      },
      event: {
        id: row['event'],
        project: fields['project'] ?? '',
        type: fields['type'] as EventType,
        created_at: Number(fields['created']),
        sequence: Number(fields['sequence']),
        data: JSON.parse(fields['data'] ?? '{}') as Record<string, unknown>,
      },
    };
  }

  /** Records a try. `nextMs` null: there will be no other. */
  async record(delivery: Delivery, status: Delivery['status'], nextMs: number | null): Promise<void> {
    const { id, attempts } = delivery;
    await this.#scripts.run('record-delivery', id, attempts.length, JSON.stringify(attempts), status, nextMs ?? -1);
  }
}
