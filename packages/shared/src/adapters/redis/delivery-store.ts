import type { Delivery, DeliveryStatus, DeliveryTry } from '../../domain/deliveries.js';
import type { EventType, StoredEvent } from '../../domain/events.js';
import type { DisabledReason } from '../../domain/webhook-endpoints.js';
import type { EventStore } from './event-store.js';
import type { Due } from './feed.js';
import { isBeyond, placesAtOnce, readPlaces } from './places.js';
import type { ScriptRunner } from './scripts.js';

/** Deliveries: what is due of them, what was tried, and the log. */

/** How long a deliverer may take before another may try the same delivery. */
const loanMs = 60_000;
/** Lots of the log that are looked through for one page. */
const maxLots = 20;
/** Deliveries under way to one target, over all workers. */
const perTarget = 5;
/** Likewise of one project to receivers that answer at once, and as many to those that do not: a tenth of a worker's places. */
const perProject = 40;

export interface DueDelivery {
  readonly id: string;
  /** How often it was taken: a queue entry of an earlier taking is void. */
  readonly taken: number;
  /** Its target fails, or takes long for an answer. */
  readonly slow: boolean;
}

export interface DeliveryFilter {
  readonly status?: DeliveryStatus | undefined;
  readonly after?: string | undefined;
  readonly limit: number;
  readonly order: 'asc' | 'desc';
}

/** What one try came to. */
export interface TryResult {
  readonly status: DeliveryStatus;
  /** Null: there will be no other. */
  readonly nextMs: number | null;
  /** The receiver says that it is gone for good. */
  readonly gone: boolean;
  /** Should its endpoint be disabled for it: after how long of failures only, and the id of the event that tells so. */
  readonly patienceMs: number;
  readonly event: string;
}

export class DeliveryStore {
  readonly #scripts: ScriptRunner;
  readonly #events: EventStore;
  readonly #retentionMs: number;

  constructor(scripts: ScriptRunner, events: EventStore, retentionDays: number) {
    this.#scripts = scripts;
    this.#events = events;
    this.#retentionMs = retentionDays * 86_400_000;
  }

  async takeDue(limit: number): Promise<Due<DueDelivery>> {
    const answer = await this.#scripts.run('take-deliveries', limit, loanMs, perTarget, perProject);
    const [found, next] = answer as [[string, number, number][], number];
    return {
      found: found.map(([id, taken, slow]) => ({ id, taken, slow: slow === 1 })),
      nextMs: next < 0 ? null : next,
    };
  }

  /** A delivery with its event, or null where either is past its retention. It goes where its endpoint is
   * now. `linksAt`: our public URL where its endpoint asks for links. */
  async delivery(id: string): Promise<{ delivery: Delivery; event: StoredEvent; linksAt: string | null } | null> {
    const [delivery] = await this.#read([id]);
    const event = delivery ? await this.#events.get(delivery.event) : null;
    if (!delivery || !event) return null;
    const endpoint = this.#scripts.key('endpoint', delivery.endpoint);
    const [moved, links] = await this.#scripts.client.hmget(endpoint, 'url', 'links');
    return { delivery: { ...delivery, url: moved ?? delivery.url }, event, linksAt: links || null };
  }

  /** Records a try, and answers why its endpoint was disabled for it, if so. */
  async record({ id, taken }: Delivery, tried: DeliveryTry, result: TryResult): Promise<DisabledReason | ''> {
    return (await this.#scripts.run(
      'record-delivery',
      id,
      taken,
      JSON.stringify(tried),
      result.status,
      result.nextMs ?? -1,
      result.gone ? 1 : 0,
      result.patienceMs,
      result.event,
      this.#retentionMs,
    )) as DisabledReason | '';
  }

  /**
   * One page of an endpoint's log (`url`: of all webhook_urls), or null where `after` is not in it. `last`: up to here it
   * was looked through; a page that found nothing within its bounds still leads on.
   */
  async list(
    project: string,
    endpoint: string,
    filter: DeliveryFilter,
  ): Promise<{ deliveries: Delivery[]; more: boolean; last: string | null } | null> {
    const index = this.#scripts.key('deliveries', ...(endpoint === 'url' ? ['url', project] : [endpoint]));
    const { status, order, limit } = filter;
    let after;
    if (filter.after !== undefined) {
      const at = await this.#scripts.client.zscore(index, filter.after);
      if (at === null) return null;
      after = { id: filter.after, at: Number(at) };
    }
    const stretch = { from: -Infinity, to: Infinity, after, order };
    const deliveries: Delivery[] = [];
    let last: string | null = null;
    for (let offset = 0; offset < maxLots * placesAtOnce; offset += placesAtOnce) {
      const places = await readPlaces(this.#scripts, index, stretch, offset);
      const ids = places.filter((place) => isBeyond(place, stretch)).map(({ id }) => id);
      for (const [i, delivery] of (await this.#read(ids)).entries()) {
        if (delivery?.project === project && (!status || delivery.status === status)) {
          if (deliveries.length === limit) return { deliveries, more: true, last };
          deliveries.push(delivery);
        }
        last = ids[i] ?? null;
      }
      if (places.length < placesAtOnce) return { deliveries, more: false, last };
    }
    return { deliveries, more: true, last };
  }

  /** Makes a delivery due once more, from the beginning of the schedule. False where it is past its retention. */
  async resend({ id, endpoint, project }: Delivery): Promise<boolean> {
    return (await this.#scripts.run('resend-delivery', endpoint, project, '', id)) === 1;
  }

  /** What an enabled endpoint did not get since then (ms) is due; answers how many deliveries that are. */
  async recover(project: string, endpoint: string, since: number): Promise<number> {
    let count = 0;
    let before: string | undefined;
    for (;;) {
      const ids = await this.#events.ids(project, before, 'desc', placesAtOnce);
      const last = ids.at(-1);
      if (last === undefined) return count;
      count += Number(await this.#scripts.run('recover-deliveries', endpoint, project, since, ...ids));
      const [oldest, sequence] = await Promise.all([
        this.#scripts.client.hget(this.#scripts.key('event', last), 'created'),
        this.#scripts.client.zscore(this.#scripts.key('events', project), last),
      ]);
      if (ids.length < placesAtOnce || sequence === null || (oldest && Number(oldest) < since)) return count;
      before = sequence;
    }
  }

  /** What webhook_urls did not take since then (ms) is due; answers how many deliveries that are. */
  async recoverUrls(project: string, since: number): Promise<number> {
    const index = this.#scripts.key('deliveries', 'url', project);
    let count = 0;
    for (let offset = 0; ; offset += placesAtOnce) {
      const stretch = { from: since, to: Infinity, after: undefined, order: 'asc' as const };
      const places = await readPlaces(this.#scripts, index, stretch, offset);
      const ids = places.map(({ id }) => id);
      if (ids.length > 0) count += Number(await this.#scripts.run('resend-delivery', 'url', project, 'failed', ...ids));
      if (places.length < placesAtOnce) return count;
    }
  }

  /** Those of these deliveries that there are. */
  async many(ids: readonly string[]): Promise<Delivery[]> {
    return (await this.#read(ids)).filter((delivery) => delivery !== null);
  }

  async #read(ids: readonly string[]): Promise<(Delivery | null)[]> {
    const pipeline = this.#scripts.client.pipeline();
    for (const id of ids) {
      pipeline.hgetall(this.#scripts.key('delivery', id));
      pipeline.lrange(this.#scripts.key('delivery', id, 'tries'), 0, -1);
      // A delivery's id begins with its event's.
      pipeline.hget(this.#scripts.key('event', id.split('-')[0] ?? ''), 'type');
    }
    const answers = ((await pipeline.exec()) ?? []).map(([error, answer]) => {
      if (error) throw error;
      return answer;
    });
    return ids.map((id, i) => {
      const [row, tries, type] = answers.slice(3 * i, 3 * i + 3);
      return decode(id, row as Record<string, string>, tries as string[], type as EventType | null);
    });
  }
}

function decode(
  id: string,
  row: Readonly<Record<string, string>>,
  tries: readonly string[],
  type: EventType | null,
): Delivery | null {
  if (!row['event']) return null;
  return {
    id,
    project: row['project'] ?? '',
    event: row['event'],
    event_type: type,
    endpoint: row['endpoint'] ?? '',
    url: row['url'] ?? '',
    status: row['status'] as DeliveryStatus,
    created_at: Number(row['created']),
    made: Number(row['made']),
    taken: Number(row['taken']),
    tries: tries.map((one) => JSON.parse(one) as DeliveryTry),
    next_at: row['next'] ? Number(row['next']) : null,
  };
}
