import type { Batch, JobStatus } from '../api/types';
import { count, percent } from '../format';
import { text } from '../text';

/** A state as a word with its colour beside it; the word alone says it all. */
export function Status({ kind, children }: { readonly kind: string; readonly children: string }) {
  return (
    <span className="status" data-kind={kind}>
      {children}
    </span>
  );
}

export function BatchState({ batch }: { readonly batch: Batch }) {
  if (batch.status === 'in_progress' && batch.paused_at !== null)
    return <Status kind="paused">{text.batch.paused}</Status>;
  return <Status kind={batch.status}>{text.batch.status[batch.status]}</Status>;
}

export const isJobStatus = (word: string | null): word is JobStatus =>
  word !== null && Object.hasOwn(text.job.status, word);

/** A job that has not ended. */
export const isOpen = ({ status }: { readonly status: JobStatus }): boolean =>
  status === 'queued' || status === 'in_progress';

/** Lines that are run again are counted as they ended before until the batch has come to them. */
export const isSorting = ({ status, progress }: Batch): boolean =>
  (status === 'in_progress' || status === 'validating') && progress >= 1;

/** Of a batch that was ended before its lines were, a share of what has ended would be whole. */
export const isStopped = ({ status }: Batch): boolean => status === 'cancelled' || status === 'expired';

/** How far a batch is, in a word or a figure. */
export function howFar(batch: Batch): string {
  const { completed, total } = batch.request_counts;
  if (isSorting(batch)) return text.batch.sorting;
  return isStopped(batch) ? text.batch.doneOf(count(completed), count(total)) : percent(batch.progress);
}

export const isOver = ({ status }: Batch): boolean => ['failed', 'completed', 'expired', 'cancelled'].includes(status);
