import type { Stage } from '../../domain/job.js';
import type { ScriptRunner } from './scripts.js';

/** The list of jobs that need a queue entry, with the time from which they do: the only timer that jobs have. */

export interface DueJob {
  readonly id: string;
  readonly generation: number;
  readonly run: number;
  readonly stage: Stage;
  readonly classId: string;
  readonly priority: number;
}

export interface Due<T> {
  readonly found: readonly T[];
  /** Milliseconds until the next is due, or null where none waits. */
  readonly nextMs: number | null;
}

/** How long a feeder may take to add what it took. */
const loanMs = 10_000;

export class Feed {
  readonly #scripts: ScriptRunner;

  constructor(scripts: ScriptRunner) {
    this.#scripts = scripts;
  }

  async takeDue(limit: number): Promise<Due<DueJob>> {
    const [found, next] = (await this.#scripts.run('take-due', limit, loanMs)) as [string[][], number];
    return {
      nextMs: next < 0 ? null : next,
      found: found.map(([id = '', generation, run, stage, classId = '', priority]) => ({
        id,
        generation: Number(generation),
        run: Number(run),
        stage: stage as Stage,
        classId,
        priority: Number(priority),
      })),
    };
  }

  /** The queue holds their entries: durable, since Redis syncs every write. */
  async entriesAdded(jobs: readonly Pick<DueJob, 'id' | 'run'>[]): Promise<void> {
    if (jobs.length === 0) return;
    await this.#scripts.run('entries-added', ...jobs.flatMap(({ id, run }) => [id, run]));
  }

  /** Jobs whose deadline has passed and that have not ended. */
  async pastDeadline(limit: number): Promise<string[]> {
    return this.#scripts.client.zrangebyscore(this.#scripts.key('deadlines'), '-inf', Date.now(), 'LIMIT', 0, limit);
  }

  /** The oldest queued jobs of every project that are not on the list of the due: each should have an entry. */
  async expectEntries(perProject: number): Promise<string[]> {
    const { client } = this.#scripts;
    const projects = await client.smembers(this.#scripts.key('projects'));
    const found: string[] = [];
    for (const project of projects) {
      const ids = await client.zrange(this.#scripts.key('jobs', project, 'queued'), 0, String(perProject - 1));
      if (ids.length === 0) continue;
      const due = await client.zmscore(this.#scripts.key('due'), ids);
      found.push(...ids.filter((_, i) => due[i] === null));
    }
    return found;
  }

  /** Puts a job back on the list: its entry is lost. */
  async makeDue(id: string): Promise<void> {
    await this.#scripts.client.zadd(this.#scripts.key('due'), Date.now(), id);
    await this.#scripts.client.publish(`${this.#scripts.prefix}wake`, 'due');
  }
}
