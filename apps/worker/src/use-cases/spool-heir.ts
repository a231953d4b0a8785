import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { graceMs, leaseMs } from '@rendermill/shared/adapters/redis/liveness';
import { readJournal, type OpenAttempt } from '@rendermill/shared/adapters/spool/journal';
import { spoolFolders } from '@rendermill/shared/adapters/spool/spool';
import type { WorkerDeps } from '../deps.js';
import { givenUp, ownerDied } from './give-up-attempts.js';
import { recoverJob } from './recover-job.js';

/**
 * Takes over the spools of dead workers on this disk: tells the ledger what their journals know, stores the paid
 * pictures that they left, and removes a folder when nothing in it is needed.
 */
const lookAgainMs = 5_000;

export class SpoolHeir {
  readonly #deps: WorkerDeps;
  /** Owners of whom Redis knows nothing, and since when. It may have lost its memory: a living one speaks up soon. */
  readonly #unheard = new Map<string, number>();
  /** Folders of which was said that they stay. */
  readonly #told = new Set<string>();

  constructor(deps: WorkerDeps) {
    this.#deps = deps;
  }

  async adopt(): Promise<void> {
    const { spool, worker, liveness, log } = this.#deps;
    for (const owner of await spoolFolders(spool.root)) {
      try {
        if (owner === worker || !(await this.#isDead(owner))) continue;
        // One at a time, over all processes.
        if (await liveness.lend(`spool:${owner}`, worker, lookAgainMs)) await this.#adopt(owner);
      } catch (error) {
        // One folder that cannot be read must not keep the others from being found.
        log.error({ error, owner }, 'spool.not_adopted');
      }
    }
  }

  async #isDead(owner: string): Promise<boolean> {
    const { liveness } = this.#deps;
    const standing = await liveness.standing(owner);
    if (standing !== 'unknown') {
      this.#unheard.delete(owner);
      return standing === 'dead';
    }
    const since = this.#unheard.get(owner) ?? Date.now();
    this.#unheard.set(owner, since);
    return Date.now() - since > leaseMs + graceMs && liveness.giveUp(owner);
  }

  async #adopt(owner: string): Promise<void> {
    const { log, spool, ledger } = this.#deps;
    const folder = join(spool.root, owner);
    const { attempts, unreadable } = await readJournal(folder);
    const left = { needed: 0, unknown: 0, unreadable };
    for (const attempt of attempts.values()) {
      await this.#tellLedger(attempt);
      const { job, started_at } = attempt.intent.intent;
      const found = await recoverJob(this.#deps, job, owner);
      if (found === 'needed') left.needed++;
      // A ledger that lost a job is rebuilt from journals and spools; what is past its retention is nobody's.
      if (found === 'unknown' && Date.now() - started_at < ledger.retentionMs) left.unknown++;
    }
    const keep = left.needed + left.unknown + left.unreadable > 0;
    if (!this.#told.has(owner)) log.info({ owner, open_attempts: attempts.size, ...left }, 'spool.adopted');
    this.#told.add(owner);
    if (!keep) await rm(folder, { recursive: true, force: true });
  }

  /** What the journal knows of an attempt, the ledger may have missed. Both keep the more certain of two answers. */
  async #tellLedger({ intent, settled }: OpenAttempt): Promise<void> {
    const { ledger } = this.#deps;
    const job = await ledger.read(intent.intent.job);
    if (!job) return;
    const settlement = settled?.settlement ?? givenUp(this.#deps, job, intent.intent, ownerDied);
    await ledger.settle(job.id, intent.number, settlement, settled?.checkpoint ?? null);
  }
}
