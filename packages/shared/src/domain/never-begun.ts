import { isEnded, type Batch, type LineRecord } from './batch.js';
import { errorBodyOf, type ErrorBody } from './errors.js';

/** Lines of a batch that ended before their turn came: it was cancelled, its time or its money was over. */

/** What such a line came to; null while the batch may still begin it. */
export function neverBegun({ status, rest }: Pick<Batch, 'status' | 'rest'>): {
  readonly status: LineRecord['status'];
  readonly error: ErrorBody;
} | null {
  if (!isEnded(status) || rest === null) return null;
  if (rest === 'budget_exceeded') {
    const message = 'The batch had spent its max_cost before this line was begun.';
    return { status: 'failed', error: errorBodyOf('budget_exceeded', message) };
  }
  if (rest === 'batch_expired') {
    const message = 'The deadline passed before this line was begun.';
    return { status: 'expired', error: errorBodyOf('deadline_exceeded', message) };
  }
  const message = 'The batch was cancelled before this line was begun.';
  return { status: 'cancelled', error: errorBodyOf('cancelled', message) };
}
