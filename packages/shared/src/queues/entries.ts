import { z } from 'zod';
import { entryId } from '../domain/ids.js';

/**
 * The contract between who adds a queue entry and who takes it. Entries carry ids and a run, never work or bytes:
 * the ledger says what there is to do.
 */
export const jobEntry = z.strictObject({
  /** Job id. */
  j: z.string(),
  /** Generation. */
  g: z.int().min(1),
  /** Run: an entry of an older run is void. */
  r: z.int().min(1),
});
export type JobEntry = z.output<typeof jobEntry>;

export const deliveryEntry = z.strictObject({
  /** Delivery id. */
  d: z.string(),
  /** How often it was taken: an entry of an earlier taking is void. */
  t: z.int().min(1),
});

export type DeliveryEntry = z.output<typeof deliveryEntry>;

/** Jobs whose inputs must be fetched before they can meet a permit. */
export const prepareQueue = 'prepare';
/** Deliveries that are due. */
export const deliveryQueue = 'deliveries';
/** Those to receivers that fail or are slow: they wait among themselves. */
export const slowDeliveryQueue = 'deliveries-slow';

/** Jobs of one routing class that need only a permit. */
export function readyQueue(classId: string): string {
  return `ready-${classId}`;
}

export function jobEntryId(entry: JobEntry): string {
  return entryId(entry.j, entry.g, entry.r);
}
