import type { Account } from './accounts.js';
import type { Mode } from './job.js';
import type { JobRequest, Operation } from './job-request.js';
import { modelRow } from './models.js';

/** What decides which accounts could serve a job. */
export interface RoutingNeeds {
  readonly model: string;
  readonly operation: Operation;
  readonly mode: Mode;
  /** What is asked for, where it is known yet. */
  readonly request?: JobRequest;
  /** How many input images there are, and whether a mask, where it is known yet. */
  readonly inputs?: { readonly images: number; readonly mask: boolean };
  /** The account the user asked for, or null. */
  readonly provider: string | null;
  /** The job is a probe's: it goes to the account whatever is known of it. */
  readonly probe?: boolean;
}

/**
 * A variation is served by an account that offers it, else by an edit with a stated prompt; so it can be served
 * wherever an edit can.
 */
export function servedAs(account: Account, operation: Operation, model: string): Operation | null {
  const { operations } = account.preset;
  const native = operation !== 'variation' || (modelRow(model)?.variations ?? true);
  if (native && operations.includes(operation)) return operation;
  return operation === 'variation' && operations.includes('edit') ? 'edit' : null;
}

/** The prompt of a variation that is served as an edit. Stated in the docs, and on the job. */
export const variationPrompt =
  'Create a variation of this image: keep its subject, composition and style, and change its details.';
