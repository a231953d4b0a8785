import type { Batch } from '@rendermill/shared/domain/batch';
import { batchEvent, reached } from '@rendermill/shared/domain/batch-events';
import { nextPace } from '@rendermill/shared/domain/batch-pace';
import type { WorkerDeps } from '../deps.js';
import { closeBatch } from './close-batch.js';
import { feedAgain, feedBatch } from './feed-batch.js';
import { findAgain, linesAgain } from './find-again.js';
import { flushResults } from './flush-results.js';
import { LineReader, maxTextAtOnce, type NextLine } from './line-reader.js';
import { rooms } from './rooms.js';
import { decisions, saveBatch, undecided } from './save-batch.js';
import { validateBatch } from './validate-batch.js';
import { BatchWatch } from './watch-batches.js';

/**
 * Records, and the digests that tell of them, wait for a full part this long at most: a part for every few lines would be
 * too many parts.
 */
const flushMs = 30_000;

/**
 * Moves every batch on, by one worker at a time: whoever has the leader's lease. What takes long (validation, closing) goes
 * on beside the feeding of the others; should the lease be lost meanwhile, its last script says so and it has no effect.
 */
export class BatchLeader {
  readonly #deps: WorkerDeps;
  readonly #tasks = new Map<string, Promise<void>>();
  readonly #readers = new Map<string, LineReader>();
  readonly #announced = new Map<string, number>();
  readonly #decided = new Map<string, string>();
  readonly #watch: BatchWatch;
  #leads = false;

  constructor(deps: WorkerDeps) {
    this.#deps = deps;
    this.#watch = new BatchWatch(deps);
  }

  /** True where a batch's news are this worker's business. */
  get leads(): boolean {
    return this.#leads;
  }

  /** One round over all batches. Answers how long nothing is to do, in milliseconds, or null. */
  async step(): Promise<number | null> {
    this.#leads = await this.#deps.batches.lead();
    if (!this.#leads) return null;
    const batches = await this.#deps.batches.active();
    this.#forgetOthers(batches);
    const share = rooms(batches, [...this.#deps.accounts.values()]);
    let more = false;
    for (const batch of batches) {
      if (this.#tasks.has(batch.id)) continue;
      try {
        if (await this.#move(batch, share.get(batch.id) ?? 0)) more = true;
      } catch (error) {
        // One batch in trouble (a store that is away) must not hold up the others.
        this.#deps.log.error({ error, batch: batch.id }, 'batch.stuck');
        this.#readers.delete(batch.id);
        this.#readers.delete(`${batch.id} again`);
      }
    }
    return more ? 0 : null;
  }

  /** Looks for batches in trouble. */
  async audit(): Promise<void> {
    if (this.#leads) await this.#watch.look(await this.#deps.batches.active());
  }

  /** Waits for what goes on beside, and lets another lead. */
  async stop(): Promise<void> {
    await Promise.all(this.#tasks.values());
    if (this.#leads) await this.#deps.batches.resign();
  }

  async #move(batch: Batch, room: number): Promise<boolean> {
    if (batch.status === 'validating') {
      this.#beside(batch, async () => validateBatch(this.#deps, batch));
      return false;
    }
    await this.#remember(batch);
    if (batch.status === 'in_progress' && batch.retry !== null) {
      this.#beside(batch, async () => findAgain(this.#deps, batch));
      return false;
    }
    await this.#flush(batch);
    await this.#tell(batch);
    if (batch.status === 'cancelling') await this.#cancelOpen(batch);
    if (batch.status === 'in_progress' && batch.deadline !== null && Date.now() >= batch.deadline * 1_000)
      await this.#deps.batches.rest(batch.id, 'batch_expired');
    if (batch.open === 0 && (await this.#deps.batches.finalize(batch.id))) {
      this.#beside(batch, async () => this.#close(batch.id));
      return false;
    }
    if (batch.status !== 'in_progress' || batch.paused_at !== null || room <= 0) return false;
    if (batch.again > 0 && (batch.rest === null || batch.rest_kept)) return this.#feedAgain(batch, room);
    if (batch.rest !== null || batch.cursor >= batch.total) return false;
    return feedBatch(this.#deps, batch, room, this.#reader(batch.id));
  }

  /** What was decided about it stands in the bucket before it takes effect there. */
  async #remember(batch: Batch): Promise<void> {
    const decided = decisions(batch);
    if ((this.#decided.get(batch.id) ?? undecided(batch)) === decided) return;
    await saveBatch(this.#deps, batch);
    this.#decided.set(batch.id, decided);
  }

  async #feedAgain(batch: Batch, room: number): Promise<boolean> {
    const { batches, batchStore } = this.#deps;
    const index = await batches.index(batch.id);
    const reader = this.#reader(`${batch.id} again`);
    const lines: NextLine[] = [];
    let bytes = 0;
    for (const line of linesAgain(await batchStore.states(batch.id), room)) {
      const next = await reader.at(batch, line, index);
      bytes += next.text.length;
      // That one is found again in the next round.
      if (bytes > maxTextAtOnce && lines.length > 0) break;
      lines.push(next);
    }
    reader.rest();
    return feedAgain(this.#deps, batch, lines);
  }

  /** As it stands by now: what was counted since this round began is in it. */
  async #close(id: string): Promise<void> {
    const batch = (await this.#deps.batches.active()).find((one) => one.id === id);
    if (batch) await closeBatch(this.#deps, batch);
  }

  async #flush(batch: Batch): Promise<void> {
    // Since a time that the ledger knows: a new leader does not begin anew.
    const { unflushed_since: since } = batch;
    const due = since !== null && Date.now() - since >= flushMs;
    while (await flushResults(this.#deps, batch, due));
  }

  /** How far it is: to its owner at the milestones, and to the ledger for its rate. */
  async #tell(batch: Batch): Promise<void> {
    if (batch.status !== 'in_progress') return;
    const milestone = reached(batch).at(-1);
    if (milestone !== undefined && this.#announced.get(batch.id) !== milestone) {
      await this.#deps.batches.announce(batch.id, batchEvent(batch, 'batch.progress', String(milestone)));
      this.#announced.set(batch.id, milestone);
    }
    const pace = nextPace(batch, Date.now());
    if (pace) await this.#deps.batches.pace(batch.id, pace);
  }

  /** What waits is cancelled; what is being paid for is stored and counted first. */
  async #cancelOpen(batch: Batch): Promise<void> {
    for (const id of await this.#deps.batchStore.openJobs(batch.id)) {
      const job = await this.#deps.ledger.read(id);
      if (job && !job.cancel_requested) await this.#deps.jobs.cancel(job);
    }
  }

  #reader(id: string): LineReader {
    const reader = this.#readers.get(id) ?? new LineReader(this.#deps);
    this.#readers.set(id, reader);
    return reader;
  }

  #beside(batch: Batch, work: () => Promise<void>): void {
    const task = async (): Promise<void> => {
      try {
        await work();
        this.#tasks.delete(batch.id);
        await this.#deps.signals.wake('batches');
      } catch (error) {
        this.#tasks.delete(batch.id);
        this.#deps.log.error({ error, batch: batch.id }, 'batch.stuck');
      }
    };
    this.#tasks.set(batch.id, task());
  }

  #forgetOthers(batches: readonly Batch[]): void {
    const known = new Set(batches.map(({ id }) => id));
    for (const map of [this.#readers, this.#announced, this.#decided])
      for (const id of map.keys()) if (!known.has(id.split(' ')[0] ?? '')) map.delete(id);
  }
}
