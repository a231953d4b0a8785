import type { DueDelivery } from '@rendermill/shared/adapters/redis/delivery-store';
import { deliveryQueue, slowDeliveryQueue } from '@rendermill/shared/queues/entries';
import type { WorkerDeps } from '../deps.js';

/** Derives queue entries for the deliveries that are due. Answers how long nothing will be due, in milliseconds, or null. */
export async function feedDeliveries(deps: WorkerDeps): Promise<number | null> {
  const { found, nextMs } = await deps.deliveries.takeDue(200);
  if (found.length === 0) return nextMs;
  const add = async (queue: string, due: readonly DueDelivery[]): Promise<void> =>
    deps.queues.add(
      queue,
      due.map(({ id, taken }) => ({ id: `${id}.${taken}`, data: { d: id, t: taken }, priority: 1 })),
    );
  await add(
    deliveryQueue,
    found.filter(({ slow }) => !slow),
  );
  await add(
    slowDeliveryQueue,
    found.filter(({ slow }) => slow),
  );
  return 0;
}
