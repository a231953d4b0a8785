import type { Attempt } from './attempts.js';
import type { ErrorBody } from './errors.js';
import type { JobStatus } from './job.js';
import type { JobInput } from './job-request.js';
import type { EffectiveParameters, Usage } from './usage.js';

/** What a job came to, as its owner knows it. */
export interface JobEnd {
  readonly status: Extract<JobStatus, 'completed' | 'failed' | 'cancelled' | 'expired'>;
  readonly usage: Usage | null;
  readonly effective: EffectiveParameters;
  readonly error: ErrorBody | null;
}

/**
 * What working on a job came to. A value, not an exception: the use cases decide, and one file
 * (`consumers/settle.ts`) tells the ledger and the queue.
 */
export type Outcome =
  /** The job is at its end. */
  | { readonly kind: 'finish'; readonly end: JobEnd }
  /** Nothing to do: an entry of an older run, or somebody else's job by now. */
  | { readonly kind: 'skip'; readonly why: SkipReason }
  /** Not now, and not the job's fault: costs it none of its tries. */
  | { readonly kind: 'wait'; readonly forMs: number; readonly why: string }
  /** A failure that may pass: costs a try. */
  | { readonly kind: 'retry'; readonly forMs: number; readonly error: ErrorBody }
  /** The account at hand refused, for nothing: the job goes on at the others, or ends with the error where none is left. */
  | { readonly kind: 'elsewhere'; readonly attempts: readonly Attempt[]; readonly error: ErrorBody }
  /** The inputs are in storage, or the accounts have changed: the job goes on to (another) ready queue. */
  | { readonly kind: 'forward'; readonly to: Forward };

export type SkipReason = 'stale' | 'terminal' | 'owned' | 'gone' | 'fenced' | 'interrupted';

/** What changes about a job on its way to a ready queue. */
export interface Forward {
  readonly inputs: readonly JobInput[];
  readonly mask: JobInput | null;
}
