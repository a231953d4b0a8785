import { jobStatuses } from '../../domain/job.js';
import type { ScriptRunner } from './scripts.js';

/**
 * The lists of jobs keep ids, and a job's hash ends by itself when its retention does: here the ids follow. Only what
 * was made before the retention is looked at, since a retention begins at a job's end.
 */
const pageSize = 500;
/** Pages of a list in one round; the rest is for the next. */
const maxPages = 200;

/** Takes ids without a job out of the lists; answers how many. */
export async function trimLists(scripts: ScriptRunner, retentionDays: number): Promise<number> {
  const before = Date.now() - retentionDays * 86_400_000;
  const { client } = scripts;
  let removed = 0;
  for (const project of await client.smembers(scripts.key('projects'))) {
    const customs = scripts.key('customs', project);
    removed += await trimList(scripts, customs, before, async (members) => {
      const pipeline = client.pipeline();
      for (const { id, custom } of members) pipeline.zrem(scripts.key('custom', project, custom), id);
      await run(pipeline);
    });
    removed += await trimList(scripts, scripts.key('unknown', project), before);
    for (const status of jobStatuses) removed += await trimList(scripts, scripts.key('jobs', project, status), before);
    // The last one: pages are placed by it.
    removed += await trimList(scripts, scripts.key('jobs', project), before);
  }
  return removed;
}

interface Member {
  readonly text: string;
  readonly id: string;
  /** What stands before the colon: the hash of the custom_id, in the list of those; else ''. */
  readonly custom: string;
}

async function trimList(
  scripts: ScriptRunner,
  list: string,
  before: number,
  first?: (dead: readonly Member[]) => Promise<void>,
): Promise<number> {
  let removed = 0;
  let living = 0;
  for (let pages = 0; pages < maxPages; pages++) {
    const page = await scripts.client.zrangebyscore(list, '-inf', `(${before}`, 'LIMIT', living, pageSize);
    const members = page.map(memberOf);
    const dead = await withoutJob(scripts, members);
    if (dead.length > 0) {
      await first?.(dead);
      await scripts.client.zrem(list, ...dead.map(({ text }) => text));
    }
    removed += dead.length;
    living += page.length - dead.length;
    if (page.length < pageSize) break;
  }
  return removed;
}

/** `id`, or `custom:id`, or an attempt's `number:id`. */
function memberOf(text: string): Member {
  const colon = text.indexOf(':');
  return { text, id: text.slice(colon + 1), custom: text.slice(0, Math.max(0, colon)) };
}

async function withoutJob(scripts: ScriptRunner, members: readonly Member[]): Promise<Member[]> {
  const pipeline = scripts.client.pipeline();
  for (const { id } of members) pipeline.exists(scripts.key('job', id));
  const exist = await run(pipeline);
  return members.filter((_, i) => exist[i] === 0);
}

async function run(pipeline: ReturnType<ScriptRunner['client']['pipeline']>): Promise<unknown[]> {
  const answers = (await pipeline.exec()) ?? [];
  return answers.map(([error, answer]) => {
    if (error) throw error;
    return answer;
  });
}
