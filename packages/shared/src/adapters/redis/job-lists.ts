import type { Job, JobStatus } from '../../domain/job.js';
import { decodeJob } from './job-codec.js';
import { hashOfCustomId } from './job-store.js';
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

/** A job's place in every list: lists differ in who is in them, not in their order. */
interface Place {
  readonly id: string;
  readonly created: number;
}

const pageSize = 200;
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
    const jobs: Job[] = [];
    let last: string | null = null;
    let read = 0;
    for (let offset = 0; read < maxRead; offset += pageSize) {
      const places = await this.#read(index, filter, after, offset);
      const ids = places.filter((place) => !after || isBeyond(place, after, filter.order)).map(({ id }) => id);
      read += ids.length;
      for (const [i, job] of (await this.#jobs(ids)).entries()) {
        if (job && matches(job, filter)) {
          if (jobs.length === filter.limit) return { jobs, more: true, last };
          jobs.push(job);
        }
        last = ids[i] ?? null;
      }
      if (places.length < pageSize) return { jobs, more: false, last };
    }
    return { jobs, more: true, last };
  }

  #index(project: string, filter: JobFilter): string {
    if (filter.custom_id !== undefined) return this.#scripts.key('custom', project, hashOfCustomId(filter.custom_id));
    if (filter.status !== undefined) return this.#scripts.key('jobs', project, filter.status);
    return this.#scripts.key('jobs', project);
  }

  /** The list of all jobs knows it even where it has left the list that is read, or is past its retention. */
  async #place(project: string, id: string): Promise<Place | null> {
    const created = await this.#scripts.client.zscore(this.#scripts.key('jobs', project), id);
    return created === null ? null : { id, created: Number(created) };
  }

  async #read(index: string, filter: JobFilter, after: Place | undefined, offset: number): Promise<Place[]> {
    const { client } = this.#scripts;
    const from = filter.created_after === undefined ? -Infinity : filter.created_after * 1_000;
    const to = filter.created_before === undefined ? Infinity : filter.created_before * 1_000 + 999;
    const answer =
      filter.order === 'asc'
        ? await client.zrangebyscore(
            index,
            score(Math.max(from, after?.created ?? -Infinity)),
            score(to),
            'WITHSCORES',
            'LIMIT',
            offset,
            pageSize,
          )
        : await client.zrevrangebyscore(
            index,
            score(Math.min(to, after?.created ?? Infinity)),
            score(from),
            'WITHSCORES',
            'LIMIT',
            offset,
            pageSize,
          );
    const places: Place[] = [];
    for (let i = 0; i + 1 < answer.length; i += 2) places.push({ id: answer[i] ?? '', created: Number(answer[i + 1]) });
    return places;
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

const score = (value: number): string => (Number.isFinite(value) ? String(value) : value > 0 ? '+inf' : '-inf');

/** Redis sorts equal scores by their bytes, and so does JavaScript: ids are ASCII. */
function isBeyond(place: Place, after: Place, order: 'asc' | 'desc'): boolean {
  const [low, high] = order === 'asc' ? [after, place] : [place, after];
  return low.created < high.created || (low.created === high.created && low.id < high.id);
}

function matches(job: Job, filter: JobFilter): boolean {
  return (
    (filter.status === undefined || job.status === filter.status) &&
    (filter.model === undefined || job.model === filter.model) &&
    (filter.batch_id === undefined || job.batch_id === filter.batch_id) &&
    (filter.custom_id === undefined || job.custom_id === filter.custom_id)
  );
}
