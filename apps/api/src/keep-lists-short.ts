import type { Liveness } from '@rendermill/shared/adapters/redis/liveness';
import type { ScriptRunner } from '@rendermill/shared/adapters/redis/scripts';
import { trimLists } from '@rendermill/shared/adapters/redis/trim-lists';
import type { Logger } from '@rendermill/shared/observability/log';

const everyMs = 10 * 60_000;

interface ListKeeping {
  readonly scripts: ScriptRunner;
  readonly liveness: Liveness;
  readonly holder: string;
  readonly retentionDays: number;
  readonly log: Logger;
}

/** Trims the lists of jobs at the start and every ten minutes, in one API process of all. */
export function keepListsShort(keeping: ListKeeping): { readonly stop: () => void } {
  void round(keeping);
  const timer = setInterval(() => void round(keeping), everyMs);
  return { stop: () => clearInterval(timer) };
}

/** What fails now is found by the next round. */
async function round({ scripts, liveness, holder, retentionDays, log }: ListKeeping): Promise<void> {
  try {
    if (!(await liveness.lend('lists', holder, everyMs / 2))) return;
    const removed = await trimLists(scripts, retentionDays);
    if (removed > 0) log.info({ removed }, 'lists.trimmed');
  } catch (error) {
    log.warn({ error }, 'lists.not_trimmed');
  }
}
