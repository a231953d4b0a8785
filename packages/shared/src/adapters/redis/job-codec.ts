import type { Attempt, AttemptIntent, AttemptSettlement, Checkpoint } from '../../domain/attempts.js';
import type { ErrorBody } from '../../domain/errors.js';
import { specOf, type Job, type JobSpec, type JobStatus, type Stage, type StoredImage } from '../../domain/job.js';
import type { JobInput } from '../../domain/job-request.js';
import type { EffectiveParameters, Usage } from '../../domain/usage.js';

/**
 * A job's hash in Redis, and back. `spec` is fixed; the rest are the fields that the scripts change. Attempt n is
 * `a:n` (intent), `s:n` (settlement), `o:n` (generation:call:outcome, for the scripts) and `c:n` (checkpoint); `i:n` is
 * the stored image of index n.
 */
type Fields = Readonly<Record<string, string | undefined>>;

/** A job and the checkpoints of its attempts: what a worker resumes from. */
export interface LedgerJob extends Job {
  /** By attempt number: paid results that are not stored yet. */
  readonly checkpoints: ReadonlyMap<number, Checkpoint>;
  /** The record of its line lies in the bucket. */
  readonly flushed: boolean;
}

/** `['a', '1', …]` as an object: how scripts answer HGETALL. */
export function pairs(answer: readonly unknown[]): Fields {
  const fields: Record<string, string> = {};
  for (let i = 0; i + 1 < answer.length; i += 2) fields[String(answer[i])] = String(answer[i + 1]);
  return fields;
}

function json<T>(text: string | undefined, absent: T): T {
  return text ? (JSON.parse(text) as T) : absent;
}

function number(text: string | undefined): number | null {
  return text ? Number(text) : null;
}

function attempts(fields: Fields): Attempt[] {
  const total = Number(fields['attempts'] ?? 0);
  const found: Attempt[] = [];
  for (let n = 1; n <= total; n++) {
    const intent = json<AttemptIntent | null>(fields[`a:${n}`], null);
    if (!intent) continue;
    found.push({ ...intent, number: n, settlement: json<AttemptSettlement | null>(fields[`s:${n}`], null) });
  }
  return found;
}

function checkpoints(fields: Fields): Map<number, Checkpoint> {
  const found = new Map<number, Checkpoint>();
  for (const [name, text] of Object.entries(fields)) {
    if (name.startsWith('c:') && text) found.set(Number(name.slice(2)), JSON.parse(text) as Checkpoint);
  }
  return found;
}

function images(fields: Fields): StoredImage[] {
  const found = Object.entries(fields).flatMap(([name, text]) =>
    name.startsWith('i:') && text ? [JSON.parse(text) as StoredImage] : [],
  );
  return found.sort((a, b) => a.index - b.index);
}

/** The job, or null where the hash holds none (it is past its retention). */
export function decodeJob(fields: Fields): LedgerJob | null {
  if (!fields['spec']) return null;
  const spec = JSON.parse(fields['spec']) as JobSpec;
  return {
    ...spec,
    // A retry after the deadline runs without it.
    deadline: fields['deadline'] === '' ? null : spec.deadline,
    status: fields['status'] as JobStatus,
    generation: Number(fields['generation']),
    run: Number(fields['run']),
    fence: Number(fields['fence']),
    worker: fields['worker'] || null,
    stage: fields['stage'] as Stage,
    class_id: fields['class'] ?? '',
    started_at: number(fields['started']),
    completed_at: number(fields['completed']),
    due_at: number(fields['due']),
    cancel_requested: fields['cancel'] === '1',
    inputs: json<JobInput[]>(fields['inputs'], []),
    mask: json<JobInput | null>(fields['mask'], null),
    images: images(fields),
    attempts: attempts(fields),
    usage: json<Usage | null>(fields['usage'], null),
    effective: json<EffectiveParameters>(fields['effective'], {}),
    error: json<ErrorBody | null>(fields['error'], null),
    tries: Number(fields['tries'] ?? 0),
    crashes: Number(fields['crashes'] ?? 0),
    version: Number(fields['version'] ?? 0),
    checkpoints: checkpoints(fields),
    flushed: fields['flushed'] === '1',
  };
}

/** A job's hash: what {@link decodeJob} reads, but for what its place in the lists needs beside it. */
export function encodeJob(job: LedgerJob): Record<string, string> {
  const { generation, run, fence, stage, tries, crashes, version } = job;
  const whole = Object.entries({ generation, run, fence, tries, crashes, version });
  const fields: Record<string, string> = {
    ...Object.fromEntries(whole.map(([name, value]) => [name, String(value)])),
    spec: JSON.stringify(specOf(job)),
    project: job.project,
    created: String(job.created_at),
    status: job.status,
    class: job.class_id,
    stage,
    worker: job.worker ?? '',
    batch: job.batch_id ?? '',
    line: String(job.line?.number ?? ''),
    inputs: JSON.stringify(job.inputs),
    mask: optional(job.mask),
    started: String(job.started_at ?? ''),
    completed: String(job.completed_at ?? ''),
    usage: optional(job.usage),
    effective: JSON.stringify(job.effective),
    error: optional(job.error),
    attempts: String(Math.max(0, ...job.attempts.map(({ number: n }) => n))),
  };
  for (const image of job.images) fields[`i:${image.index}`] = JSON.stringify(image);
  for (const [n, checkpoint] of job.checkpoints) fields[`c:${n}`] = JSON.stringify(checkpoint);
  for (const { number: n, settlement, ...intent } of job.attempts) {
    fields[`a:${n}`] = JSON.stringify(intent);
    if (settlement) fields[`s:${n}`] = JSON.stringify(settlement);
    fields[`o:${n}`] = `${intent.generation}:${intent.call}:${settlement?.outcome ?? 'open'}`;
  }
  return fields;
}

const optional = (value: unknown): string => (value === null ? '' : JSON.stringify(value));
