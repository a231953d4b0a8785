import type { EventType } from './events.js';

/** One event on its way to one endpoint, and the tries made so far. Times in milliseconds since the epoch. */

/** Of what a receiver answers so many characters are kept: enough for its error, little enough for Redis. */
export const keptAnswerLength = 1_024;

export interface DeliveryTry {
  readonly at: number;
  readonly url: string;
  /** Null where no answer came. */
  readonly status: number | null;
  readonly duration_ms: number;
  readonly error: string | null;
  /** The beginning of the receiver's answer. */
  readonly answer: string | null;
}

export const deliveryStatuses = ['pending', 'delivered', 'failed'] as const;
export type DeliveryStatus = (typeof deliveryStatuses)[number];

export interface Delivery {
  readonly id: string;
  readonly project: string;
  readonly event: string;
  /** Null where the event is past its retention. */
  readonly event_type: EventType | null;
  /** An endpoint id, or `url` for the webhook_url of the job or batch itself. */
  readonly endpoint: string;
  readonly url: string;
  readonly status: DeliveryStatus;
  readonly created_at: number;
  /** Tries in the present run of the schedule. */
  readonly made: number;
  /** How often it was taken to be tried: a try belongs to one taking. */
  readonly taken: number;
  /** The last of them, oldest first. */
  readonly tries: readonly DeliveryTry[];
  readonly next_at: number | null;
}

/** The id of an event's delivery to an endpoint (or to `url`, its object's own webhook_url). */
export function deliveryId(event: string, endpoint: string): string {
  return `${event}-${endpoint}`;
}
