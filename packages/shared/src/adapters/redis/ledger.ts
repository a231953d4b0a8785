import { randomUUID } from 'node:crypto';
import { accountFault, type AttemptIntent, type AttemptSettlement, type Checkpoint } from '../../domain/attempts.js';
import { lineOfJob } from '../../domain/batch.js';
import { jobEvent } from '../../domain/events.js';
import { lineEnd } from '../../domain/line-record.js';
import type { ErrorBody } from '../../domain/errors.js';
import type { JobEnd } from '../../domain/outcome.js';
import type { Job, Stage, StoredImage } from '../../domain/job.js';
import type { JobInput } from '../../domain/job-request.js';
import type { RoutingClass } from '../../domain/routing-class.js';
import { responseBounds, usageDays } from '../../domain/usage-report.js';
import { decodeJob, pairs, type LedgerJob } from './job-codec.js';
import type { ScriptRunner } from './scripts.js';

/**
 * The worker's side of the job ledger: begin, attempt, settle, finish. Each method is one script. What only the
 * present owner may do is fenced; what is true whoever says it (money spent) is not.
 */

/** How long the feeder leaves an entry to the process that derived it, in milliseconds. */
export const entryGraceMs = 10_000;

export type BeginRefusal = 'gone' | 'stale' | 'owned' | 'terminal';
export type AttemptRefusal = 'fenced' | 'cancelled' | 'cap';

/** What a job takes back into the queue. */
export interface Requeue {
  readonly delayMs: number;
  readonly stage: Stage;
  readonly routing: RoutingClass;
  readonly inputs: readonly JobInput[];
  readonly mask: JobInput | null;
  readonly tries: number;
  readonly error: ErrorBody | null;
}

const optional = (value: unknown): string => (value === null || value === undefined ? '' : JSON.stringify(value));

export class Ledger {
  readonly #scripts: ScriptRunner;
  /** How long an ended job is kept. */
  readonly retentionMs: number;

  constructor(scripts: ScriptRunner, retentionDays: number) {
    this.#scripts = scripts;
    this.retentionMs = retentionDays * 86_400_000;
  }

  /** Makes `worker` the owner of a queued job, or says why not. */
  async begin(id: string, generation: number, run: number, worker: string): Promise<LedgerJob | BeginRefusal> {
    const answer = await this.#scripts.run('begin-job', id, generation, run, worker, randomUUID());
    return Array.isArray(answer) ? this.#decode(answer) : (answer as BeginRefusal);
  }

  /** Takes a job from a dead worker, or says why not. */
  async seize(id: string, dead: string, worker: string): Promise<LedgerJob | 'alive' | 'gone'> {
    const answer = await this.#scripts.run('seize-job', id, dead, worker);
    return Array.isArray(answer) ? this.#decode(answer) : (answer as 'alive' | 'gone');
  }

  /** Writes an attempt before its call, or says why there may be none. Answers its number. */
  async beginAttempt(
    job: Pick<Job, 'id' | 'fence'>,
    intent: AttemptIntent,
    cap: number,
  ): Promise<number | AttemptRefusal> {
    const { generation, call } = intent;
    const answer = await this.#scripts.run(
      'begin-attempt',
      job.id,
      job.fence,
      JSON.stringify(intent),
      generation,
      call,
      cap,
    );
    return typeof answer === 'number' ? answer : (answer as AttemptRefusal);
  }

  /** Records what an attempt came to and where its results are, and counts it. Idempotent; true where it was news. */
  async settle(
    id: string,
    number: number,
    settlement: AttemptSettlement,
    checkpoint: Checkpoint | null,
  ): Promise<boolean> {
    const { outcome, cost, ended_at } = settlement;
    const answer = await this.#scripts.run(
      'settle-attempt',
      id,
      number,
      outcome,
      JSON.stringify(settlement),
      optional(checkpoint),
      checkpoint ? checkpoint.spooled.length + checkpoint.urls.length : 0,
      cost ?? '',
      ended_at,
      optional(accountFault(settlement)),
      usageDays,
      ...responseBounds,
    );
    return answer === 1;
  }

  /** A paid result is in the bucket: nobody buys it again. `last` is the attempt of which no other is left to store. */
  async recordImage(id: string, image: StoredImage, last: number | null): Promise<void> {
    await this.#scripts.run('record-image', id, image.index, JSON.stringify(image), last ?? '');
  }

  /** Where paid results are now; null once they are stored and recorded. */
  async checkpoint(id: string, number: number, checkpoint: Checkpoint | null): Promise<void> {
    await this.#scripts.run('checkpoint', id, number, optional(checkpoint));
  }

  /** Ends a job with its event. False where the caller owns it no more: then nothing was published. */
  async finish(job: Job, end: JobEnd): Promise<boolean> {
    const ended = { ...job, ...end };
    const event = jobEvent(ended);
    const line = lineEnd(ended);
    const answer = await this.#scripts.run(
      'finish-job',
      job.id,
      job.fence,
      end.status,
      optional(end.usage),
      JSON.stringify(end.effective),
      optional(end.error),
      this.retentionMs,
      // Lines are told of by their batch.
      line ? '' : event.id,
      event.type,
      JSON.stringify(event.data),
      line ? JSON.stringify(line.record) : '',
      line ? JSON.stringify(line.cost) : '',
    );
    return answer === 1;
  }

  /** Gives a job back to the queue. Answers its new run, or why not. */
  async requeue(job: Pick<Job, 'id' | 'fence'>, requeue: Requeue): Promise<number | 'fenced' | 'cancelled'> {
    const answer = await this.#scripts.run(
      'requeue-job',
      job.id,
      job.fence,
      requeue.delayMs,
      requeue.stage,
      requeue.routing.id,
      JSON.stringify(requeue.inputs),
      optional(requeue.mask),
      requeue.tries,
      optional(requeue.error),
      entryGraceMs,
      JSON.stringify(requeue.routing),
    );
    return typeof answer === 'number' ? answer : (answer as 'fenced' | 'cancelled');
  }

  /** The job as it stands, or null. */
  async read(id: string): Promise<LedgerJob | null> {
    return decodeJob(await this.#scripts.client.hgetall(this.#scripts.key('job', id)));
  }

  /** True where the job is a line's whose record has gone to its batch: nothing of it is needed any more. */
  async isFlushed(id: string): Promise<boolean> {
    const line = lineOfJob(id);
    return line !== null && (await this.#scripts.client.exists(this.#scripts.key('batch', line.batch))) === 1;
  }

  #decode(answer: readonly unknown[]): LedgerJob {
    const job = decodeJob(pairs(answer));
    if (!job) throw new Error('a job without a spec');
    return job;
  }
}
