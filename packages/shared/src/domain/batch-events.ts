import { linesDone, type Batch, type BatchStatus } from './batch.js';
import { eventId } from './ids.js';
import { fitting, type EventType } from './events.js';
import { dollars } from './prices.js';

/** What batches announce: ids, counts, files and cost. */
export interface BatchEvent {
  readonly id: string;
  readonly type: EventType;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Shares of its lines at which a batch tells how far it is, in percent. */
export const milestones = [10, 25, 50, 75, 90];

export function batchEvent(batch: Batch, type: EventType, milestone = ''): BatchEvent {
  return {
    id: eventId(batch.id, type, batch.generation, milestone),
    type,
    data: fitting(
      {
        id: batch.id,
        object: 'batch',
        status: batch.status,
        generation: batch.generation,
        metadata: batch.metadata,
        input_file_id: batch.input_file_id,
        output_file_id: batch.output_file_id,
        error_file_id: batch.error_file_id,
        request_counts: requestCounts(batch),
        cost: { currency: 'USD', actual: dollars(batch.cost.actual) },
        ...(milestone === '' ? {} : { progress: Number(milestone) }),
        ...(batch.errors.length > 0 ? { errors: batch.errors.slice(0, 20) } : {}),
      },
      ['metadata', 'errors'],
    ),
  };
}

export function requestCounts(batch: Batch) {
  const { total, completed, failed, cancelled } = batch;
  return { total, completed, failed, cancelled };
}

/** What the end of a batch is called. */
export const eventOfEnd: Partial<Record<BatchStatus, EventType>> = {
  completed: 'batch.completed',
  failed: 'batch.failed',
  expired: 'batch.expired',
  cancelled: 'batch.cancelled',
};

/** The milestones that a batch has reached. */
export function reached(batch: Batch): number[] {
  const share = batch.total === 0 ? 0 : (100 * linesDone(batch)) / batch.total;
  return milestones.filter((milestone) => share >= milestone && share < 100);
}
