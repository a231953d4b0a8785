import type { Job, JobStatus } from '../../domain/job.js';
import { decodeJob } from './job-codec.js';
import { hashOfCustomId } from './job-store.js';
import { isBeyond, placesAtOnce, readPlaces, type Place } from './places.js';
import type { ScriptRunner } from './scripts.js';

/** Reading a project's jobs in pages, by time of creation; ids of equal time stand in the order of their letters. */

export interface JobFilter {
  readonly status?: JobStatus | undefined;
  readonly custom_id?: string | undefined;
  readonly model?: string | undefined;
  readonly batch_id?: string | undefined;
  /** Unix seconds, inclusive. */
  readonly created_after?: number | undefined;
  readonly created_before?: number | undefined;
  readonly after?: string | undefined;
  readonly limit: number;
  readonly order: 'asc' | 'desc';
}

export interface JobPage {
  readonly jobs: readonly Job[];
  readonly more: boolean;
  /** What the next page comes after: the last that was read, which need not be one that fits. */
  readonly last: string | null;
}

/** Filters without an index are applied while reading; a bound keeps one request from reading everything. */
const maxRead = 20_000;

export class JobLists {
  readonly #scripts: ScriptRunner;

  constructor(scripts: ScriptRunner) {
    this.#scripts = scripts;
  }

  /** One page, or null where `after` is no job that is known. */
  async list(project: string, filter: JobFilter): Promise<JobPage | null> {
    const after = filter.after === undefined ? undefined : await this.#place(project, filter.after);
    if (after === null) return null;
    const index = this.#index(project, filter);
    const stretch = {
      from: filter.created_after === undefined ? -Infinity : filter.created_after * 1_000,
      to: filter.created_before === undefined ? Infinity : filter.created_before * 1_000 + 999,
      after,
      order: filter.order,
    };
    const jobs: Job[] = [];
    let last: string | null = null;
    let read = 0;
    for (let offset = 0; read < maxRead; offset += placesAtOnce) {
      const places = await readPlaces(this.#scripts, index, stretch, offset);
      const ids = places.filter((place) => isBeyond(place, stretch)).map(({ id }) => id);
      read += ids.length;
      for (const [i, job] of (await this.#jobs(ids)).entries()) {
        if (job && matches(job, filter)) {
          if (jobs.length === filter.limit) return { jobs, more: true, last };
          jobs.push(job);
        }
        last = ids[i] ?? null;
      }
      if (places.length < placesAtOnce) return { jobs, more: false, last };
    }
    return { jobs, more: true, last };
  }

  #index(project: string, filter: JobFilter): string {
    if (filter.custom_id !== undefined) return this.#scripts.key('custom', project, hashOfCustomId(filter.custom_id));
    if (filter.status !== undefined) return this.#scripts.key('jobs', project, filter.status);
    return this.#scripts.key('jobs', project);
  }

  /**
   * Lists differ in who is in them, not in their order: the list of all jobs knows a place even where its job has left
   * the list that is read, or is past its retention.
   */
  async #place(project: string, id: string): Promise<Place | null> {
    const created = await this.#scripts.client.zscore(this.#scripts.key('jobs', project), id);
    return created === null ? null : { id, at: Number(created) };
  }

  async #jobs(ids: readonly string[]): Promise<(Job | null)[]> {
    const pipeline = this.#scripts.client.pipeline();
    for (const id of ids) pipeline.hgetall(this.#scripts.key('job', id));
    const answers = (await pipeline.exec()) ?? [];
    return answers.map(([error, fields]) => {
      if (error) throw error;
      return decodeJob(fields as Record<string, string>);
    });
  }
}

function matches(job: Job, filter: JobFilter): boolean {
  return (
    (filter.status === undefined || job.status === filter.status) &&
    (filter.model === undefined || job.model === filter.model) &&
    (filter.batch_id === undefined || job.batch_id === filter.batch_id) &&
    (filter.custom_id === undefined || job.custom_id === filter.custom_id)
  );
}
