import type { ErrorBody, ErrorCode } from './errors.js';
import type { EffectiveParameters, Usage } from './usage.js';

/** What an attempt came to. Only `not_sent` and `rejected` are known to have cost nothing. */
export type AttemptOutcome = 'not_sent' | 'rejected' | 'billed' | 'unknown';

/** Written durably, in Redis and in the worker's journal, before the provider is called. */
export interface AttemptIntent {
  readonly job: string;
  readonly generation: number;
  /** Which of the job's planned calls; the cap on paid attempts counts per call and generation. */
  readonly call: number;
  /** The image indexes that the call is to make. */
  readonly indexes: readonly number[];
  /** Account id. */
  readonly provider: string;
  /** Our name of the model. */
  readonly model: string;
  readonly worker: string;
  readonly fence: number;
  /** Milliseconds since the epoch. */
  readonly started_at: number;
  /** Longest time the provider may take; nobody pays again before this has passed or the owner is dead. */
  readonly timeout_ms: number;
  /** Parameters of the request that this provider does not know and that were not sent to it. */
  readonly ignored_parameters: readonly string[];
}

/** A result that the provider holds and that is still to be copied. */
export interface PendingUrl {
  readonly index: number;
  /** Of the picture; of the task where it is still being made. */
  readonly url: string;
  /** Which of the task's pictures; absent where there is no task, and the URL is the picture's. */
  readonly task_picture?: number;
  /** Milliseconds since the epoch. */
  readonly expires_at: number;
  readonly revised_prompt: string | null;
}

/** A result that lies, fsynced, in a worker's spool. */
export interface SpooledImage {
  readonly index: number;
  /** File name inside that worker's spool folder. */
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly revised_prompt: string | null;
}

/** Where the results of a billed attempt were before they were stored; what a later owner resumes from. */
export interface Checkpoint {
  readonly worker: string;
  readonly spooled: readonly SpooledImage[];
  readonly urls: readonly PendingUrl[];
}

/** Written after the call, by whoever knows; unfenced, for a zombie's money is spent too. */
export interface AttemptSettlement {
  readonly outcome: AttemptOutcome;
  readonly ended_at: number;
  readonly http_status: number | null;
  /** The provider's request id, for a refund claim. */
  readonly request_id: string | null;
  readonly error: ErrorBody | null;
  /** Micro-dollars: 0 where nothing was billed, null where the price is unknown. */
  readonly cost: number | null;
  readonly cost_basis: CostBasis | null;
  readonly usage: Usage | null;
  readonly effective: EffectiveParameters;
  /** True where the account will not serve the job: it is not asked again in this generation. See `failover.ts`. */
  readonly refused?: boolean;
  /** Our name of a parameter that the account says it does not know. See `parameters.ts`. */
  readonly unknown_parameter?: string;
  /** In what form the pictures came; told for a probe. */
  readonly answered_as?: 'bytes' | 'link' | 'task';
}

export type CostBasis = 'per_image' | 'tokens' | 'table';

/** An attempt as the ledger holds it; `settlement` is null while the call may still answer. */
export interface Attempt extends AttemptIntent {
  readonly number: number;
  readonly settlement: AttemptSettlement | null;
}

/** True where money is or may be spent: open attempts count, for they may still be billed. */
export function possiblyBilled(attempt: Attempt): boolean {
  const outcome = attempt.settlement?.outcome;
  return outcome === undefined || outcome === 'billed' || outcome === 'unknown';
}

/** Possibly billed attempts of one call in one generation: what MAX_PAID_ATTEMPTS caps. */
export function paidAttempts(attempts: readonly Attempt[], generation?: number, call?: number): number {
  return attempts.filter(
    (attempt) =>
      possiblyBilled(attempt) &&
      (generation === undefined || attempt.generation === generation) &&
      (call === undefined || attempt.call === call),
  ).length;
}

/** Micro-dollars spent or possibly spent; null as soon as one possibly billed attempt has no known price. */
export function spent(attempts: readonly Attempt[]): number | null {
  let sum = 0;
  for (const attempt of attempts) {
    if (!possiblyBilled(attempt)) continue;
    if (!attempt.settlement) continue;
    if (attempt.settlement.cost === null) return null;
    sum += attempt.settlement.cost;
  }
  return sum;
}

/** What is wrong with an account, as one of its attempts found it. */
export interface AccountFault {
  readonly code: ErrorCode;
  readonly message: string;
  readonly http_status: number | null;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** What a settlement says against the account that was asked, or null: neither the request's faults nor our own. */
export function accountFault({ error, http_status, ended_at }: AttemptSettlement): AccountFault | null {
  if (error?.type !== 'provider_error') return null;
  return { code: error.code, message: error.message, http_status, at: ended_at };
}
