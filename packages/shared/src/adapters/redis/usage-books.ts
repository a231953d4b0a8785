import type { UsageRow } from '../../domain/usage-report.js';
import type { ScriptRunner } from './scripts.js';

/**
 * The counts that settle-attempt.lua keeps: one hash per project and UTC day, `provider|count|model` → number; and one per
 * batch, for as long as the batch is kept, with the day before them.
 */

const dayMs = 86_400_000;
/** Days asked for at once: an answer of Redis stays short, and others get their turn. */
const daysAtOnce = 40;

export class UsageBooks {
  readonly #scripts: ScriptRunner;

  constructor(scripts: ScriptRunner) {
    this.#scripts = scripts;
  }

  /** What was counted in these days (since the epoch, both inclusive), oldest first. */
  async read(project: string, firstDay: number, lastDay: number): Promise<UsageRow[]> {
    const rows: UsageRow[] = [];
    for (let from = firstDay; from <= lastDay; from += daysAtOnce) {
      const to = Math.min(lastDay, from + daysAtOnce - 1);
      const pipeline = this.#scripts.client.pipeline();
      for (let day = from; day <= to; day++) pipeline.hgetall(this.#scripts.key('usage', project, String(day)));
      for (const [i, [error, fields]] of ((await pipeline.exec()) ?? []).entries()) {
        if (error) throw error;
        rows.push(...rowsOf(from + i, fields as Record<string, string>));
      }
    }
    return rows;
  }

  /** The same, told apart by batch; null: what belongs to none, or to one that is not kept any more. */
  async readByBatch(project: string, firstDay: number, lastDay: number): Promise<UsageRow[]> {
    const all = await this.read(project, firstDay, lastDay);
    const ofBatches: UsageRow[] = [];
    for (const id of await this.#batches(project, firstDay, lastDay)) {
      const fields = await this.#scripts.client.hgetall(this.#scripts.key('batch', id, 'usage'));
      for (const [day, own] of byDay(fields)) {
        if (day >= firstDay && day <= lastDay) ofBatches.push(...rowsOf(day, own, id));
      }
    }
    return [...ofBatches, ...remainder(all, ofBatches)];
  }

  async #batches(project: string, firstDay: number, lastDay: number): Promise<Set<string>> {
    const found = new Set<string>();
    for (let day = firstDay; day <= lastDay; day++) {
      const ids = await this.#scripts.client.smembers(this.#scripts.key('usage', project, String(day), 'batches'));
      for (const id of ids) found.add(id);
    }
    return found;
  }
}

/** `day|field` → the fields of each day. */
function byDay(fields: Readonly<Record<string, string>>): Map<number, Record<string, string>> {
  const days = new Map<number, Record<string, string>>();
  for (const [name, value] of Object.entries(fields)) {
    const bar = name.indexOf('|');
    const day = Number(name.slice(0, bar));
    days.set(day, { ...days.get(day), [name.slice(bar + 1)]: value });
  }
  return days;
}

/** What is left of `all` without `parts`. */
function remainder(all: readonly UsageRow[], parts: readonly UsageRow[]): UsageRow[] {
  const placeOf = ({ day, provider, model }: UsageRow): string => `${day}|${provider}|${model}`;
  const taken = new Map<string, UsageRow[]>();
  for (const part of parts) taken.set(placeOf(part), [...(taken.get(placeOf(part)) ?? []), part]);
  return all.flatMap((row) => {
    const counts = new Map(row.counts);
    for (const part of taken.get(placeOf(row)) ?? [])
      for (const [name, count] of part.counts) counts.set(name, (counts.get(name) ?? 0) - count);
    return [...counts.values()].some((count) => count !== 0) ? [{ ...row, counts }] : [];
  });
}

function rowsOf(day: number, fields: Readonly<Record<string, string>>, batch: string | null = null): UsageRow[] {
  const rows = new Map<string, UsageRow & { counts: Map<string, number> }>();
  const date = new Date(day * dayMs).toISOString().slice(0, 10);
  for (const [field, value] of Object.entries(fields)) {
    // A model's name may hold any printable character.
    const [, provider = '', count = '', model = ''] = /^([^|]*)\|([^|]*)\|(.*)$/s.exec(field) ?? [];
    const counts = new Map<string, number>();
    const row = rows.get(`${provider}|${model}`) ?? { day: date, model, provider, batch, counts };
    row.counts.set(count, Number(value));
    rows.set(`${provider}|${model}`, row);
  }
  return [...rows.values()];
}
