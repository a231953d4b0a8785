import { readyQueue } from '@rendermill/shared/queues/entries';
import type { ApiDeps } from '../deps.js';

/** How many jobs wait for a permit that each account could serve, by account id; one may wait for several. */
export async function waitingJobs(deps: Pick<ApiDeps, 'classes' | 'queues'>): Promise<Map<string, number>> {
  const waiting = new Map<string, number>();
  const classes = await deps.classes();
  await Promise.all(
    classes.map(async ({ id, accounts }) => {
      const entries = await deps.queues.waiting(readyQueue(id));
      for (const account of accounts) waiting.set(account, (waiting.get(account) ?? 0) + entries);
    }),
  );
  return waiting;
}
