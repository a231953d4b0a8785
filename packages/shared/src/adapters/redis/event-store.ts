import type { EventType, StoredEvent } from '../../domain/events.js';
import type { ScriptRunner } from './scripts.js';

/** The events of a project, numbered in the order in which they happened, for as long as they are kept. */

export interface EventFilter {
  /** An event's id, or a sequence number: what comes behind it. */
  readonly after?: string | undefined;
  readonly types?: readonly EventType[] | undefined;
  readonly limit: number;
  readonly order: 'asc' | 'desc';
}

export interface EventPage {
  readonly events: StoredEvent[];
  readonly more: boolean;
  /** Up to here the list was looked through, if nothing more was found. */
  readonly last: string | null;
}

const atOnce = 100;
/** Lots that are looked through for one page: what is rare leads on to the next. */
const maxLots = 20;

export class EventStore {
  readonly #scripts: ScriptRunner;

  constructor(scripts: ScriptRunner) {
    this.#scripts = scripts;
  }

  async get(id: string): Promise<StoredEvent | null> {
    return decode(id, await this.#scripts.client.hgetall(this.#scripts.key('event', id)));
  }

  /** One page by sequence, or null where `after` is an event that is not known, or a number that none has had yet. */
  async list(project: string, filter: EventFilter): Promise<EventPage | null> {
    const { types, limit, order } = filter;
    let at = await this.#place(project, filter.after);
    if (at === null || (order === 'asc' && Number(at ?? 0) > (await this.#latest(project)))) return null;
    const events: StoredEvent[] = [];
    let last: string | null = null;
    for (let lot = 0; lot < maxLots; lot++) {
      const ids = await this.ids(project, at, order, atOnce);
      for (const [i, event] of (await this.#events(ids)).entries()) {
        const id = ids[i] ?? '';
        if (event && (!types || types.includes(event.type))) {
          if (events.length === limit) return { events, more: true, last };
          events.push(event);
        }
        if (event) at = String(event.sequence);
        last = id;
      }
      if (ids.length < atOnce) return { events, more: false, last };
      at = (await this.#place(project, last ?? undefined)) ?? at;
    }
    return { events, more: true, last };
  }

  /** Ids behind a sequence number. */
  async ids(project: string, after: string | undefined, order: 'asc' | 'desc', count: number): Promise<string[]> {
    const list = this.#scripts.key('events', project);
    const { client } = this.#scripts;
    return order === 'asc'
      ? client.zrangebyscore(list, after === undefined ? '-inf' : `(${after}`, '+inf', 'LIMIT', 0, count)
      : client.zrevrangebyscore(list, after === undefined ? '+inf' : `(${after}`, '-inf', 'LIMIT', 0, count);
  }

  /** The number of the project's latest event. */
  async #latest(project: string): Promise<number> {
    return Number((await this.#scripts.client.get(this.#scripts.key('sequence', project))) ?? 0);
  }

  /** The sequence number that stands for `after`. */
  async #place(project: string, after: string | undefined): Promise<string | undefined | null> {
    if (after === undefined || /^\d+$/.test(after)) return after;
    return this.#scripts.client.zscore(this.#scripts.key('events', project), after);
  }

  async #events(ids: readonly string[]): Promise<(StoredEvent | null)[]> {
    const pipeline = this.#scripts.client.pipeline();
    for (const id of ids) pipeline.hgetall(this.#scripts.key('event', id));
    const answers = (await pipeline.exec()) ?? [];
    return answers.map(([error, fields], i) => {
      if (error) throw error;
      return decode(ids[i] ?? '', fields as Record<string, string>);
    });
  }
}

function decode(id: string, fields: Readonly<Record<string, string>>): StoredEvent | null {
  if (!fields['type']) return null;
  return {
    id,
    project: fields['project'] ?? '',
    type: fields['type'] as EventType,
    created_at: Number(fields['created']),
    sequence: Number(fields['sequence']),
    data: JSON.parse(fields['data'] ?? '{}') as Record<string, unknown>,
  };
}
