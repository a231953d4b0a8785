import { isEnded, type Batch } from '../../domain/batch.js';
import { isTerminal } from '../../domain/job.js';
import type { RoutingClass } from '../../domain/routing-class.js';
import { encodeBatch } from './batch-codec.js';
import type { BatchPart } from './batch-store.js';
import { encodeJob, type LedgerJob } from './job-codec.js';
import { hashOfCustomId, queuePriority } from './job-store.js';
import type { ScriptRunner } from './scripts.js';

/** The ledger's side of a rebuild after Redis was lost. What is there already is left alone. */

/** A job as it was; `routing` where it is to run. */
export interface RestoredJob {
  readonly job: LedgerJob;
  readonly routing: RoutingClass | null;
}

export interface RestoredBatch {
  readonly batch: Batch;
  /** Of an ended batch: lines that this generation never began, and how many of them count as failed. */
  readonly left: number;
  readonly leftFailed: number;
  readonly states: Buffer;
  readonly index: readonly number[];
  readonly parts: readonly BatchPart[];
  /** Records of lines that lie in no part, as JSON. */
  readonly results: readonly string[];
  /** Images of lines that are to be run again, as JSON. */
  readonly kept: ReadonlyMap<number, string>;
  readonly jobs: readonly RestoredJob[];
}

export class RecoveryStore {
  readonly #scripts: ScriptRunner;
  readonly #retentionMs: number;

  constructor(scripts: ScriptRunner, retentionDays: number) {
    this.#scripts = scripts;
    this.#retentionMs = retentionDays * 86_400_000;
  }

  /** Workers that renew their lease. */
  async living(): Promise<string[]> {
    const { client } = this.#scripts;
    const workers = await client.zrange(this.#scripts.key('workers'), 0, '-1');
    const lives = await Promise.all(workers.map(async (worker) => client.exists(this.#scripts.key('worker', worker))));
    return workers.filter((_, i) => lives[i] === 1);
  }

  /** Projects of which there are jobs or batches. */
  async projects(): Promise<string[]> {
    return this.#scripts.client.smembers(this.#scripts.key('projects'));
  }

  async has(kind: 'job' | 'batch' | 'file', id: string): Promise<boolean> {
    return (await this.#scripts.client.exists(this.#scripts.key(kind, id))) === 1;
  }

  /** True where a job that ended then is past its retention. */
  isPast(endedAt: number): boolean {
    return endedAt + this.#retentionMs <= Date.now();
  }

  /** False where there is one. */
  async restoreJob(restored: RestoredJob): Promise<boolean> {
    return (await this.#scripts.run('restore-job', JSON.stringify(this.#row(restored)))) === 1;
  }

  /** False where there is one. */
  async restoreBatch(restored: RestoredBatch): Promise<boolean> {
    const { batch, left, leftFailed, states, index, parts, results, kept, jobs } = restored;
    const endedAt = batch.times[batch.status] ?? Date.now();
    const answer = await this.#scripts.run(
      'restore-batch',
      batch.id,
      JSON.stringify({ ...encodeBatch(batch), left: String(left), left_failed: String(leftFailed) }),
      isEnded(batch.status) ? this.#left(endedAt) : '',
      JSON.stringify(index),
      JSON.stringify(parts.map((part) => JSON.stringify(part))),
      JSON.stringify(results),
      JSON.stringify(Object.fromEntries(kept)),
      JSON.stringify(jobs.map((job) => this.#row(job))),
      states,
    );
    return answer === 1;
  }

  /** A project's events are numbered; the numbers go on growing, with a gap: nobody has given so many in so few seconds. */
  async keepSequence(project: string): Promise<void> {
    const key = this.#scripts.key('sequence', project);
    await this.#scripts.client.setnx(key, Date.now());
  }

  #row({ job, routing }: RestoredJob): Record<string, unknown> {
    const ended = isTerminal(job.status);
    const unknown = job.attempts.filter(({ settlement }) => settlement?.outcome === 'unknown');
    return {
      id: job.id,
      fields: {
        ...encodeJob(job),
        priority: String(queuePriority[job.priority]),
        url: job.webhook_url ?? '',
        holder: '',
      },
      class_row: routing ? JSON.stringify(routing) : '',
      // Lines are found by their batch.
      custom: job.custom_id === null || job.line ? '' : hashOfCustomId(job.custom_id),
      due: !ended,
      deadline: ended || job.deadline === null ? '' : String(job.deadline * 1_000),
      ttl: ended ? String(this.#left(job.completed_at ?? job.created_at)) : '',
      unknown: unknown.map(({ number, started_at }) => [String(number), String(started_at)]),
    };
  }

  /** How much longer what ended then is kept, in milliseconds. */
  #left(endedAt: number): number {
    return Math.max(1, Math.floor(endedAt + this.#retentionMs - Date.now()));
  }
}
