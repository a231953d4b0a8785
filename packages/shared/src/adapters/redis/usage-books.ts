import type { UsageRow } from '../../domain/usage-report.js';
import type { ScriptRunner } from './scripts.js';

/** The counts that settle-attempt.lua keeps: one hash per project and UTC day, `provider|count|model` → number. */

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
}

function rowsOf(day: number, fields: Readonly<Record<string, string>>): UsageRow[] {
  const rows = new Map<string, UsageRow & { counts: Map<string, number> }>();
  const date = new Date(day * dayMs).toISOString().slice(0, 10);
  for (const [field, value] of Object.entries(fields)) {
    // A model's name may hold any printable character.
    const [, provider = '', count = '', model = ''] = /^([^|]*)\|([^|]*)\|(.*)$/s.exec(field) ?? [];
    const row = rows.get(`${provider}|${model}`) ?? { day: date, model, provider, counts: new Map<string, number>() };
    row.counts.set(count, Number(value));
    rows.set(`${provider}|${model}`, row);
  }
  return [...rows.values()];
}
