import type { Installation, InstallationState } from '@rendermill/shared/adapters/redis/installation';
import { accountBook } from '@rendermill/shared/adapters/redis/books';
import {
  createInstallationMetrics,
  type InstallationMetrics,
} from '@rendermill/shared/observability/installation-metrics';
import { deliveryQueue, prepareQueue, slowDeliveryQueue } from '@rendermill/shared/queues/entries';
import type { ApiDeps } from './deps.js';
import { waitingByAccount, waitingJobs } from './use-cases/waiting-jobs.js';

/**
 * What Redis knows of the whole installation, as metrics. Every API process could read it, and each would say the same: one
 * tells, so that sums are right. Which one is decided by who is scraped; when it is gone, the next scrape of another decides.
 */
export async function tellInstallation(deps: ApiDeps, installation: Installation): Promise<string> {
  try {
    if (!(await installation.claim(deps.holder))) return '';
    const metrics = createInstallationMetrics();
    const [state] = await Promise.all([installation.read(), tellQueues(deps, metrics), tellAccounts(deps, metrics)]);
    tellState(metrics, state);
    return await metrics.registry.metrics();
  } catch (error) {
    // What this process knows of itself is told all the same.
    deps.log.warn({ error }, 'metrics.failed');
    return '';
  }
}

function tellState(metrics: InstallationMetrics, state: InstallationState): void {
  for (const [status, count] of Object.entries(state.jobs)) metrics.jobs.set({ status }, count);
  metrics.oldestQueued.set(state.oldestQueuedMs / 1_000);
  metrics.jobsDue.set(state.due.count);
  metrics.jobsOverdue.set(state.due.overdueMs / 1_000);
  metrics.unknownAttempts.set(state.unknownAttempts);
  metrics.outbox.set(state.outbox.count);
  metrics.outboxTargets.set(state.outbox.targets);
  metrics.outboxOverdue.set(state.outbox.overdueMs / 1_000);
  for (const [status, count] of Object.entries(state.batches)) metrics.batches.set({ status }, count);
  for (const [line, count] of Object.entries(state.lines)) metrics.batchLines.set({ state: line }, count);
  metrics.workers.set(state.workers);
  metrics.redisUsed.set(state.memory.used);
  metrics.redisMax.set(state.memory.max);
}

async function tellQueues({ queues }: ApiDeps, { queueEntries }: InstallationMetrics): Promise<void> {
  for (const queue of [prepareQueue, deliveryQueue, slowDeliveryQueue])
    queueEntries.set({ queue }, await queues.waiting(queue));
}

async function tellAccounts(deps: ApiDeps, metrics: InstallationMetrics): Promise<void> {
  const waiting = await waitingJobs(deps);
  metrics.queueEntries.set(
    { queue: 'ready' },
    waiting.reduce((sum, { entries }) => sum + entries, 0),
  );
  const byAccount = waitingByAccount(waiting);
  await Promise.all(
    deps.accounts.map(async (account) => {
      const provider = account.id;
      const book = accountBook(account);
      const [use, state] = await Promise.all([deps.accountBooks.read(book), deps.accountState(book)]);
      metrics.accountCalls.set({ provider }, use.calls);
      metrics.accountConcurrency.set({ provider }, state.concurrency);
      metrics.accountWaiting.set({ provider }, byAccount.get(provider) ?? 0);
      metrics.accountParked.set({ provider }, state.parked ? 1 : 0);
      metrics.accountCircuit.set({ provider }, state.circuit === 'open' ? 1 : 0);
      metrics.accountCoolDown.set({ provider }, state.coolDownMs / 1_000);
    }),
  );
}
