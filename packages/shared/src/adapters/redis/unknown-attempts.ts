import type { Attempt } from '../../domain/attempts.js';
import type { Job } from '../../domain/job.js';
import { decodeJob } from './job-codec.js';
import { isBeyond, placesAtOnce, readPlaces, type Place } from './places.js';
import type { ScriptRunner } from './scripts.js';

/**
 * Attempts that may have been billed and brought nothing: `unknown:<project>` holds `number:job` by the time at which
 * they began. Written by settle-attempt.lua; trimmed with the lists of jobs when a job is gone.
 */
export interface UnknownFilter {
  readonly model?: string | undefined;
  readonly provider?: string | undefined;
  /** Milliseconds since the epoch, both inclusive. */
  readonly from: number;
  readonly to: number;
  readonly after?: string | undefined;
  readonly limit: number;
  readonly order: 'asc' | 'desc';
}

export interface UnknownAttempt {
  readonly id: string;
  readonly job: Job;
  readonly attempt: Attempt;
}

export interface UnknownPage {
  readonly attempts: readonly UnknownAttempt[];
  readonly more: boolean;
  /** What the next page comes after. */
  readonly last: string | null;
}

/** Filters are applied while reading; a bound keeps one request from reading everything. */
const maxRead = 10_000;

export class UnknownAttempts {
  readonly #scripts: ScriptRunner;

  constructor(scripts: ScriptRunner) {
    this.#scripts = scripts;
  }

  /** One page, or null where `after` is no attempt that is known. */
  async list(project: string, filter: UnknownFilter): Promise<UnknownPage | null> {
    const after = filter.after === undefined ? undefined : await this.#place(project, filter.after);
    if (after === null) return null;
    const stretch = { from: filter.from, to: filter.to, after, order: filter.order };
    const attempts: UnknownAttempt[] = [];
    let last: string | null = null;
    let read = 0;
    for (let offset = 0; read < maxRead; offset += placesAtOnce) {
      const places = await readPlaces(this.#scripts, this.#scripts.key('unknown', project), stretch, offset);
      const beyond = places.filter((place) => isBeyond(place, stretch));
      read += beyond.length;
      for (const [i, found] of (await this.#attempts(beyond)).entries()) {
        if (found && matches(found, filter)) {
          if (attempts.length === filter.limit) return { attempts, more: true, last };
          attempts.push(found);
        }
        last = publicId(beyond[i]?.id ?? '');
      }
      if (places.length < placesAtOnce) return { attempts, more: false, last };
    }
    return { attempts, more: true, last };
  }

  /** Where an attempt stands, though its job be gone, or stood before its outcome became known. */
  async #place(project: string, id: string): Promise<Place | null> {
    const [, job = '', number = ''] = /^(job_\w+)-(\d{1,9})$/.exec(id) ?? [];
    const { client } = this.#scripts;
    const member = `${number}:${job}`;
    const listed = await client.zscore(this.#scripts.key('unknown', project), member);
    if (listed !== null) return { id: member, at: Number(listed) };
    const [owner, intent] = await client.hmget(this.#scripts.key('job', job), 'project', `a:${number}`);
    return owner === project && intent ? { id: member, at: (JSON.parse(intent) as Attempt).started_at } : null;
  }

  /** Null for those whose job is gone, or whose outcome has become known since the list was read. */
  async #attempts(places: readonly Place[]): Promise<(UnknownAttempt | null)[]> {
    const pipeline = this.#scripts.client.pipeline();
    for (const { id } of places) pipeline.hgetall(this.#scripts.key('job', jobOf(id)));
    const answers = (await pipeline.exec()) ?? [];
    return answers.map(([error, fields], i) => {
      if (error) throw error;
      const id = places[i]?.id ?? '';
      const job = decodeJob(fields as Record<string, string>);
      const attempt = job?.attempts.find(({ number }) => number === parseInt(id, 10));
      return job && attempt?.settlement?.outcome === 'unknown' ? { id: publicId(id), job, attempt } : null;
    });
  }
}

const jobOf = (member: string): string => member.slice(member.indexOf(':') + 1);
const publicId = (member: string): string => `${jobOf(member)}-${parseInt(member, 10)}`;

function matches({ job, attempt }: UnknownAttempt, { model, provider }: UnknownFilter): boolean {
  return (model === undefined || job.model === model) && (provider === undefined || attempt.provider === provider);
}
