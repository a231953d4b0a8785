import { itemsOf, type Rendermill } from '@rendermill/client';
import type { Run } from '../command.js';
import { clip, count } from '../format.js';

/** What of a batch came to nothing, by its reason, over all lines. */
interface Group {
  readonly code: string;
  readonly message: string;
  readonly lines: number;
  /** One of its jobs. */
  readonly job: string | null;
}

/** The most frequent first. */
export async function failuresOf(client: Rendermill, id: string): Promise<Group[]> {
  const groups = new Map<string, Group>();
  const found = itemsOf((after) =>
    client.get('/v1/batches/{id}/failures', { params: { id }, query: after === undefined ? {} : { after } }),
  );
  for await (const { code, message, count: more, lines } of found) {
    const known = groups.get(code) ?? { code, message: message ?? '', lines: 0, job: lines[0]?.job_id ?? null };
    groups.set(code, { ...known, lines: known.lines + more });
  }
  return [...groups.values()].sort((a, b) => b.lines - a.lines);
}

/** With what to do about each. */
export async function sayFailures({ client, terminal }: Run, id: string): Promise<void> {
  for (const { code, message, lines, job } of await failuresOf(client, id)) {
    terminal.say(`${count(lines, 'line')}: ${code}${message === '' ? '' : `, as: ${clip(message, 160)}`}`);
    const error = job === null ? null : (await client.jobs.get(job)).error;
    if (error?.type === 'invalid_request_error')
      terminal.say(
        `  a retry asks for the same once more; to see the lines: rendermill jobs --batch ${id} --error-code ${code}`,
      );
    // The batch's own max_cost stands, and would hold them back again.
    const more = code === 'budget_exceeded' ? ' --max-cost USD' : '';
    terminal.say(`  to run them again: rendermill retry ${id} --error-code ${code}${more}`);
  }
}
