import { itemsOf, type Rendermill } from '@rendermill/client';
import type { Run } from '../command.js';
import { firstOf, pageOf } from '../first.js';
import { clip, count } from '../format.js';

/** What of a batch came to nothing, by its reason, over all lines. */
interface Group {
  readonly code: string;
  readonly message: string;
  readonly lines: number;
  /** One of its jobs. */
  readonly job: string | null;
}

/** How many lines of a reason are named. */
const named = 20;

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

/** Said by the request's own error, and yet another time it may be otherwise. */
const passing: readonly string[] = ['cancelled', 'deadline_exceeded', 'image_url_unreachable', 'image_url_timeout'];

/** What is wrong with the request itself is so the next time too. */
export async function failsAgain(client: Rendermill, { code, job }: Group): Promise<boolean> {
  if (job === null || passing.includes(code)) return false;
  const type = (await client.jobs.get(job)).error?.type;
  return type === 'invalid_request_error' || type === 'image_generation_user_error';
}

/** With what to do about each. */
export async function sayFailures({ client, terminal }: Run, id: string): Promise<void> {
  for (const group of await failuresOf(client, id)) {
    const { code, message, lines } = group;
    terminal.say(`${count(lines, 'line')}: ${code}${message === '' ? '' : `, as: ${clip(message, 160)}`}`);
    const these = await firstOf(
      client.batches.lines(id, { error_code: code, order: 'asc', limit: pageOf(named) }),
      named,
    );
    const ids = these.data.map(({ custom_id }) => clip(custom_id ?? '', 40)).join(', ');
    if (ids !== '') terminal.say(`  ${ids}${these.has_more ? ' …' : ''}`);
    if (these.has_more)
      terminal.say(`  to see all: rendermill jobs --batch ${id} --error-code ${code} --limit ${lines}`);
    if (await failsAgain(client, group)) {
      terminal.say('  this will fail again: correct these rows and submit them as a new batch');
      continue;
    }
    // The batch's own max_cost stands, and would hold them back again.
    const more = code === 'budget_exceeded' ? ' --max-cost USD' : '';
    terminal.say(`  to run them again: rendermill retry ${id} --error-code ${code}${more}`);
  }
}
