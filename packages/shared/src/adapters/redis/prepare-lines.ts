import type { JobEntry } from '../../queues/entries.js';
import type { ScriptRunner } from './scripts.js';

/** The jobs of each project that wait for others of theirs to have fetched their inputs. */

/** A line that nobody calls up any more (a worker died with its places) is put into the queue whole after so long. */
const patienceMs = 120_000;

export class PrepareLines {
  readonly #scripts: ScriptRunner;

  constructor(scripts: ScriptRunner) {
    this.#scripts = scripts;
  }

  /** The project of a job, or null where it is gone. */
  async projectOf(job: string): Promise<string | null> {
    return this.#scripts.client.hget(this.#scripts.key('job', job), 'project');
  }

  async join({ j, g, r }: JobEntry): Promise<void> {
    await this.#scripts.run('wait-to-prepare', j, g, r, patienceMs);
  }

  /** One of the project's has come to its end: who is next? */
  async callNext(project: string): Promise<void> {
    await this.#scripts.run('next-to-prepare', project);
  }
}
