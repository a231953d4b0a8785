import { createHash } from 'node:crypto';
import { noLimits, type OrderLimits } from '../../domain/api-keys.js';
import { jobEvent } from '../../domain/events.js';
import { lineEnd } from '../../domain/line-record.js';
import { errorBodyOf } from '../../domain/errors.js';
import { missingIndexes, type Job, type JobSpec, type Priority, type Stage } from '../../domain/job.js';
import type { JobInput } from '../../domain/job-request.js';
import type { RoutingClass } from '../../domain/routing-class.js';
import { decodeJob } from './job-codec.js';
import { entryGraceMs } from './ledger.js';
import type { ScriptRunner } from './scripts.js';

/** The API's side of the job ledger: submit, read, cancel, retry, and who waits for an answer. */

/** How long an Idempotency-Key is remembered. */
export const idempotencyTtlMs = 48 * 3_600_000;
/** How long a job whose holder vanished, or was told to come back, may be claimed by the next identical request. */
const claimWindowMs = 10 * 60_000;
/**
 * The same for one that failed for good with a status that clients repeat. OpenAI's SDKs obey `x-should-retry: false`,
 * others (the AI SDK) do not, and come back after two, four, eight seconds: they get the same failure, not a purchase.
 */
const failureWindowMs = 20_000;

/** How the holding of a call ended. */
export type HoldEnd = 'answered' | 'failed' | 'vanished';
const claimableMs: Record<HoldEnd, number> = { answered: 0, failed: failureWindowMs, vanished: claimWindowMs };

export interface NewJob {
  readonly spec: JobSpec;
  readonly routing: RoutingClass;
  readonly stage: Stage;
  readonly inputs: readonly JobInput[];
  readonly mask: JobInput | null;
}

/** What tells a repeat from a new request: an Idempotency-Key with its body's fingerprint, or the hash of a held call. */
export interface Repeat {
  /** Scope and key, hashed; '' without an Idempotency-Key. */
  readonly key: string;
  readonly fingerprint: string;
  /** API key, route and body, hashed; '' for calls that nobody holds. */
  readonly claim: string;
  /** The call that holds the job: the API process, a dot, and what is its own. '' where nobody does. */
  readonly holder: string;
}

export interface Submitted {
  /** `existing`: the Idempotency-Key's job; `claimed`: a job that another call left; `conflict`: the key with another body. */
  readonly how: 'created' | 'existing' | 'claimed' | 'conflict';
  readonly id: string;
}

/** A limit of the API key has no room for it. */
export interface OverLimit {
  /** The spend limit, or one of images. */
  readonly how: 'over_limit' | 'images_per_minute' | 'images_under_way';
  /** That it would have had, or has. */
  readonly id: string;
  /** Micro-dollars that are spent or under way; ms until the minute ends; images that are under way. */
  readonly fact: number;
}

/** Who asks for a job to be run again, and what it is expected to cost: known under a spend limit. */
type Retrier = OrderLimits & { readonly keyId: string; readonly cost: number | null };

export function isOverLimit(submitted: Submitted | OverLimit): submitted is OverLimit {
  return 'fact' in submitted;
}

/** What BullMQ sorts by: lower first. Never 0, which overtakes every other. */
export const queuePriority: Record<Priority, number> = { high: 1, normal: 2, low: 10 };

/** What a custom_id is called in keys: it may hold any character, and 512 of them. */
export const hashOfCustomId = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

export class JobStore {
  readonly #scripts: ScriptRunner;
  readonly #retentionMs: number;

  constructor(scripts: ScriptRunner, retentionDays: number) {
    this.#scripts = scripts;
    this.#retentionMs = retentionDays * 86_400_000;
  }

  /**
   * Writes a new job with its place in the lists, or finds the one that the request repeats: one script. `limits`: those of
   * its API key; a job under a spend limit has an estimate.
   */
  async submit(job: NewJob, repeat: Repeat, limits = noLimits): Promise<Submitted | OverLimit> {
    const { spec } = job;
    const [how, answer] = (await this.#scripts.run(
      'submit-job',
      spec.id,
      JSON.stringify(spec),
      spec.project,
      spec.created_at,
      job.routing.id,
      job.stage,
      queuePriority[spec.priority],
      JSON.stringify(job.inputs),
      job.mask ? JSON.stringify(job.mask) : '',
      spec.webhook_url ?? '',
      spec.custom_id === null ? '' : hashOfCustomId(spec.custom_id),
      spec.deadline ?? '',
      repeat.key,
      repeat.fingerprint,
      idempotencyTtlMs,
      repeat.claim,
      repeat.holder,
      claimWindowMs,
      entryGraceMs,
      JSON.stringify(job.routing),
      spec.key_id,
      limits.spendLimit ?? '',
      spec.estimate ?? '',
      spec.request.n,
      limits.imagesPerMinute ?? '',
      limits.imagesUnderWay ?? '',
    )) as [Submitted['how'] | OverLimit['how'], string | number];
    if (how === 'over_limit' || how === 'images_per_minute' || how === 'images_under_way')
      return { how, id: spec.id, fact: Number(answer) };
    return { how, id: String(answer) };
  }

  /** What a repeat by Idempotency-Key finds: known before the request's inputs are read again. Null for a new key. */
  async repeated({ key, fingerprint }: Pick<Repeat, 'key' | 'fingerprint'>): Promise<Submitted | null> {
    if (key === '') return null;
    const [id, known] = await this.#scripts.client.hmget(this.#scripts.key('idempotency', key), 'ref', 'fingerprint');
    return id ? { how: known === fingerprint ? 'existing' : 'conflict', id } : null;
  }

  /** The job, or null; null too where it is another project's. */
  async get(project: string, id: string): Promise<Job | null> {
    const job = decodeJob(await this.#scripts.client.hgetall(this.#scripts.key('job', id)));
    return job?.project === project ? job : null;
  }

  /** The same of many, in the order of their ids. */
  async many(project: string, ids: readonly string[]): Promise<(Job | null)[]> {
    const pipeline = this.#scripts.client.pipeline();
    for (const id of ids) pipeline.hgetall(this.#scripts.key('job', id));
    return ((await pipeline.exec()) ?? []).map(([error, fields]) => {
      if (error) throw error;
      const job = decodeJob(fields as Record<string, string>);
      return job?.project === project ? job : null;
    });
  }

  /** Ends the holding of a call; done already, or never begun, it changes nothing. */
  async releaseHold({ claim, holder }: Pick<Repeat, 'claim' | 'holder'>, how: HoldEnd): Promise<void> {
    await this.#scripts.run('release-hold', claim, holder, claimableMs[how]);
  }

  /** Cancels a queued job, asks a running one to end, or says that it has ended already. */
  async cancel(job: Job): Promise<'cancelled' | 'requested' | 'terminal' | 'gone'> {
    let current: Job | null = job;
    while (current) {
      const error = errorBodyOf('cancelled', 'The job was cancelled before it was rendered.');
      const ended = { ...current, status: 'cancelled' as const, error };
      const event = jobEvent(ended);
      const line = lineEnd(ended);
      const answer = await this.#scripts.run(
        'cancel-job',
        current.id,
        current.version,
        JSON.stringify(error),
        this.#retentionMs,
        line ? '' : event.id,
        event.type,
        JSON.stringify(event.data),
        line ? JSON.stringify(line.record) : '',
        line ? JSON.stringify(line.cost) : '',
      );
      if (answer !== 'changed') return answer as 'cancelled' | 'requested' | 'terminal';
      current = await this.get(job.project, job.id);
    }
    return 'gone';
  }

  /**
   * Begins a new generation of an ended job that has missing images; a deadline that has passed no longer counts.
   * `existing`: this Idempotency-Key began one before. `by`: the API key that asks, with its limits; under a spend limit
   * `cost` of it, in micro-dollars, is set aside for the job.
   */
  async retry(
    job: Job,
    routing: RoutingClass,
    stage: Stage,
    repeat: Pick<Repeat, 'key' | 'fingerprint'>,
    by: Retrier = { ...noLimits, keyId: '', cost: null },
  ): Promise<'retried' | 'existing' | 'conflict' | 'refused' | OverLimit> {
    const missing = missingIndexes(job).length;
    const answer = await this.#scripts.run(
      'retry-job',
      job.id,
      routing.id,
      stage,
      entryGraceMs,
      repeat.key,
      repeat.fingerprint,
      idempotencyTtlMs,
      JSON.stringify(routing),
      job.deadline ?? '',
      missing === 0 ? 1 : 0,
      by.keyId,
      missing,
      by.imagesPerMinute ?? '',
      by.imagesUnderWay ?? '',
      by.spendLimit ?? '',
      by.cost ?? '',
    );
    if (Array.isArray(answer)) return { how: answer[0] as OverLimit['how'], id: job.id, fact: Number(answer[1]) };
    return typeof answer === 'number' ? 'retried' : (answer as 'existing' | 'conflict' | 'refused');
  }
}
