import type { JobStatus } from '@rendermill/shared/domain/job';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';

/** What a job may be, by what was asked of it and seen of it: a plain model that knows nothing of how it is done. */

/** What the provider does with it. `held`: answers when it is let go. `late`: its deadline has passed. */
export const kinds = ['good', 'refused', 'held', 'cut', 'late'] as const;
export type Kind = (typeof kinds)[number];

const terminal: readonly JobStatus[] = ['completed', 'failed', 'cancelled', 'expired'];

export const isEnd = (status: JobStatus): boolean => terminal.includes(status);

export interface ModelJob {
  readonly id: string;
  /** Its own. */
  readonly prompt: string;
  readonly n: number;
  kind: Kind;
  generation: number;
  /** How this generation ended, once that was seen. */
  ended: JobStatus | null;
  cancelAsked: boolean;
  /** The provider may have been told to answer. */
  free: boolean;
  images: number;
  paid: number;
  /** Idempotency-Keys of retries that were taken. */
  readonly retries: Set<string>;
}

export interface Model {
  readonly jobs: ModelJob[];
  /** Idempotency-Key → what it was used for. */
  readonly keys: Map<string, { readonly body: string; readonly id: string }>;
}

export function newJob(id: string, kind: Kind, n: number, prompt: string): ModelJob {
  const unseen = { ended: null, cancelAsked: false, free: false, images: 0, paid: 0 };
  return { id, kind, n, prompt, generation: 1, ...unseen, retries: new Set() };
}

/** The ends that it may come to as things stand. */
function ends({ kind, free, cancelAsked }: ModelJob): readonly JobStatus[] {
  const byItself: Record<Kind, readonly JobStatus[]> = {
    good: ['completed'],
    refused: ['failed'],
    cut: ['failed'],
    held: free ? ['completed'] : [],
    // Its first call may have begun before anybody looked at the clock.
    late: ['expired', 'completed'],
  };
  return [...byItself[kind], ...(cancelAsked ? (['cancelled'] as const) : [])];
}

/** Holds what was seen of a job against the model, which learns from it. */
export function see(job: ModelJob, seen: PresentedJob): void {
  const say = (what: string): never => {
    throw new Error(
      `${what}: ${JSON.stringify({ ...job, retries: [...job.retries] })} was seen as ${JSON.stringify(seen)}`,
    );
  };
  if (seen.generation !== job.generation) say('another generation');
  if (job.ended !== null && seen.status !== job.ended) say('it has come back from its end');
  if (job.ended === null && isEnd(seen.status)) {
    if (!ends(job).includes(seen.status)) say('an end that it cannot come to');
    job.ended = seen.status;
  }
  if (seen.cancel_requested === true && !job.cancelAsked) say('nobody has asked to cancel it');
  if (seen.status === 'completed' && seen.images.length !== job.n) say('completed without all its images');
  if (seen.images.length < job.images || seen.images.length > job.n) say('its images are fewer, or more than asked');
  if (new Set(seen.images.map(({ index }) => index)).size !== seen.images.length) say('an image is there twice');
  // A call in flight counts too, for it may be billed, until it is refused.
  if (seen.paid_attempts > 2 * job.generation) say('paid too often');
  if ((seen.completed_at !== null) !== isEnd(seen.status)) say('its end has a time that is none');
  job.images = seen.images.length;
  job.paid = seen.paid_attempts;
}

/** A retry was taken. */
export function again(job: ModelJob): void {
  job.generation += 1;
  job.ended = null;
  job.cancelAsked = false;
  job.free = false;
  // A deadline that has passed was that of the generation before.
  if (job.kind === 'late') job.kind = 'good';
}
