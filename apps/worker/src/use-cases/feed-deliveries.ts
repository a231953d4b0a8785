import { deliveryQueue } from '@rendermill/shared/queues/entries';
import type { WorkerDeps } from '../deps.js';

/** Derives queue entries for the deliveries that are due. Answers how long nothing will be due, in milliseconds, or null. */
export async function feedDeliveries(deps: WorkerDeps): Promise<number | null> {
  const { found, nextMs } = await deps.deliveries.takeDue(200);
  if (found.length === 0) return nextMs;
  await deps.queues.add(
    deliveryQueue,
    found.map(({ id, taken }) => ({ id: `${id}.${taken}`, data: { d: id, t: taken }, priority: 1 })),
  );
  return 0;
}
