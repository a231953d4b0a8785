import type { RoutingClass } from '@rendermill/shared/domain/routing-class';
import { readyQueue } from '@rendermill/shared/queues/entries';
import type { ApiDeps } from '../deps.js';

/** The jobs of a routing class that wait for a permit. */
export interface WaitingClass {
  readonly routing: RoutingClass;
  readonly entries: number;
}

export async function waitingJobs(deps: Pick<ApiDeps, 'classes' | 'queues'>): Promise<WaitingClass[]> {
  const classes = await deps.classes();
  return Promise.all(
    classes.map(async (routing) => ({ routing, entries: await deps.queues.waiting(readyQueue(routing.id)) })),
  );
}

/** How many of them each account could serve, by account id; one may wait for several. */
export function waitingByAccount(waiting: readonly WaitingClass[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { routing, entries } of waiting) {
    for (const account of routing.accounts) counts.set(account, (counts.get(account) ?? 0) + entries);
  }
  return counts;
}
