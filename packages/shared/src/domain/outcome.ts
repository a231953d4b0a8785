import type { ErrorBody } from './errors.js';
import type { JobStatus } from './job.js';

/**
 * What working on a queue entry came to. A value, not an exception: the use cases decide, and one file
 * (`consumers/settle.ts`) tells the ledger and the queue.
 */
export type Outcome =
  /** The job reached a terminal status, and the ledger knows. */
  | { readonly kind: 'finished'; readonly status: JobStatus }
  /** Nothing to do: an old entry, or somebody else's job by now. */
  | { readonly kind: 'skipped'; readonly why: SkipReason }
  /** Not now, and not the job's fault: costs the job none of its tries. */
  | { readonly kind: 'wait'; readonly forMs: number; readonly why: string }
  /** A failure that may pass: costs a try. */
  | { readonly kind: 'retry'; readonly forMs: number; readonly error: ErrorBody };

export type SkipReason = 'stale' | 'terminal' | 'owned' | 'gone' | 'fenced' | 'handed-over';
