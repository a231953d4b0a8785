import { accountBook } from '@rendermill/shared/adapters/redis/books';
import { codeIn } from '@rendermill/shared/domain/account-news';
import { linesDone, type Batch } from '@rendermill/shared/domain/batch';
import type { WorkerDeps } from '../deps.js';

/** Beyond the longest call: the time for its picture to be stored. */
const patienceMs = 5 * 60_000;

/**
 * Finds batches in which nothing has ended for longer than a call can take, and says so, again every time that passes; and
 * lines whose job is gone, which are made again. Asked by the leader every half minute.
 */
export class BatchWatch {
  readonly #deps: WorkerDeps;
  /** What each batch had done when that last changed. */
  readonly #seen = new Map<string, { readonly done: number; at: number }>();

  constructor(deps: WorkerDeps) {
    this.#deps = deps;
  }

  async look(batches: readonly Batch[]): Promise<void> {
    for (const id of this.#seen.keys()) if (!batches.some((batch) => batch.id === id)) this.#seen.delete(id);
    for (const batch of batches) {
      if (batch.open > 0) await this.#mend(batch);
      if (batch.status === 'in_progress' && batch.paused_at === null) await this.#notice(batch);
      else this.#seen.delete(batch.id);
    }
  }

  /** What the accounts that serve such a batch say of themselves. */
  async #accounts(batch: Batch): Promise<Record<string, string>> {
    const serving = [...this.#deps.accounts.values()].filter(({ modes }) => modes.includes(batch.mode));
    const rows = serving.map(async (account) => {
      const { parked, circuit, coolDownMs } = await this.#deps.accountState(accountBook(account));
      if (parked) return [account.id, `parked: ${codeIn(parked.reason)}`];
      if (circuit !== 'closed') return [account.id, `circuit ${circuit}`];
      return [account.id, coolDownMs > 0 ? `pauses for ${coolDownMs} ms` : 'ready'];
    });
    return Object.fromEntries(await Promise.all(rows)) as Record<string, string>;
  }

  async #mend(batch: Batch): Promise<void> {
    const mended = await this.#deps.batches.mend(batch.id, await this.#deps.batchStore.openJobs(batch.id));
    if (mended > 0) this.#deps.log.error({ batch: batch.id, lines: mended }, 'batch.mended');
  }

  async #notice(batch: Batch): Promise<void> {
    const done = linesDone(batch);
    const now = Date.now();
    const seen = this.#seen.get(batch.id);
    if (seen?.done !== done) {
      this.#seen.set(batch.id, { done, at: now });
      return;
    }
    const longest = Math.max(...[...this.#deps.accounts.values()].map(({ timeoutMs }) => timeoutMs));
    if (now - seen.at < longest + patienceMs) return;
    seen.at = now;
    const { open, cursor, total, again } = batch;
    const accounts = await this.#accounts(batch);
    this.#deps.log.error(
      { batch: batch.id, project: batch.project, done, open, cursor, total, again, accounts },
      'batch.stalled',
    );
  }
}
