import { dollars } from './prices.js';
import { spent } from './attempts.js';
import { eventId } from './ids.js';
import type { Job, JobStatus } from './job.js';

/** Every fact that an endpoint may ask for. */
export const eventTypes = [
  'job.completed',
  'job.failed',
  'job.cancelled',
  'batch.in_progress',
  'batch.completed',
  'batch.failed',
  'batch.expired',
  'batch.cancelled',
  'batch.progress',
  'batch.lines',
  'webhook_endpoint.disabled',
] as const;
export type EventType = (typeof eventTypes)[number];

/** A fact as the ledger keeps it. Body and signature are made when it is delivered. */
export interface StoredEvent {
  readonly id: string;
  readonly project: string;
  readonly type: EventType;
  /** Milliseconds since the epoch. */
  readonly created_at: number;
  /** Grows by one with each event of a project. */
  readonly sequence: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/** As it is delivered and listed. */
export function presentEvent(event: StoredEvent) {
  return {
    object: 'event' as const,
    id: event.id,
    type: event.type,
    created_at: Math.floor(event.created_at / 1_000),
    sequence: event.sequence,
    data: event.data,
  };
}

/** The exact bytes of a delivery: the same for every attempt and endpoint. */
export function eventBody(event: StoredEvent): string {
  return JSON.stringify(presentEvent(event));
}

/** Of an event's data, in UTF-8: with its frame it stays under 20 kB, as receivers may count on. */
const maxDataBytes = 19_000;

/**
 * Data with no more than what fits: of these fields, which a user may have filled to the brim, the first are left out until
 * it does. `left_out` names them; the object itself has them.
 */
export function fitting(
  data: Readonly<Record<string, unknown>>,
  dispensable: readonly string[],
): Readonly<Record<string, unknown>> {
  let fits = data;
  const left_out: string[] = [];
  for (const name of dispensable) {
    if (Buffer.byteLength(JSON.stringify(fits)) <= maxDataBytes) break;
    left_out.push(name);
    fits = { ...fits, [name]: null, left_out };
  }
  return fits;
}

const eventOfStatus: Partial<Record<JobStatus, EventType>> = {
  completed: 'job.completed',
  failed: 'job.failed',
  cancelled: 'job.cancelled',
  // The contract names no job.expired: an expired job is a failed one, with code deadline_exceeded.
  expired: 'job.failed',
};

/** What an ended job announces: ids, facts and cost; no prompt and no link that outlives its log. */
export function jobEvent(job: Job): { id: string; type: EventType; data: Readonly<Record<string, unknown>> } {
  const type = eventOfStatus[job.status];
  if (!type) throw new Error(`a job that is ${job.status} announces nothing`);
  return {
    id: eventId(job.id, type, job.generation),
    type,
    data: fitting(
      {
        id: job.id,
        object: 'job',
        status: job.status,
        generation: job.generation,
        batch_id: job.batch_id,
        custom_id: job.custom_id,
        metadata: job.metadata,
        model: job.model,
        images: job.images.map(({ index, key, content_type, width, height, bytes, sha256 }) => ({
          index,
          key,
          content_type,
          width,
          height,
          bytes,
          sha256,
        })),
        cost: { currency: 'USD', actual: dollars(spent(job.attempts)) },
        error: job.error,
      },
      ['metadata', 'error', 'images'],
    ),
  };
}
