import type { Account } from '@rendermill/shared/domain/accounts';
import type { Batch } from '@rendermill/shared/domain/batch';

/** Lines of a project that are jobs beside those at the provider: enough that no permit waits for the feeder. */
const margin = 10;

/**
 * How many more lines of each batch may be jobs now. A project has room for twice what its accounts take at once, however
 * many batches it has and however long they are; its batches share it. So the queue is short: what comes later waits for
 * that much, and not for a million lines.
 */
export function rooms(batches: readonly Batch[], accounts: readonly Account[]): Map<string, number> {
  const running = batches.filter(({ status, paused_at }) => status === 'in_progress' && paused_at === null);
  const found = new Map<string, number>();
  for (const batch of running) {
    const { project, mode } = batch;
    const sharing = running.filter((other) => other.project === project && other.mode === mode).length;
    const calls = accounts
      .filter((account) => account.modes.includes(mode))
      .reduce((sum, { limits }) => sum + limits.concurrency, 0);
    found.set(batch.id, Math.max(2, Math.ceil((2 * calls + margin) / sharing)) - batch.open);
  }
  return found;
}
