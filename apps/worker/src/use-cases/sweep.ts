import { jobEntryId, prepareQueue, readyQueue } from '@rendermill/shared/queues/entries';
import type { WorkerDeps } from '../deps.js';
import { adoptSpools } from './adopt-spools.js';
import { imagesPerCall } from './images-per-call.js';
import { recoverJob } from './recover-job.js';
import { runJob } from './run-job.js';

/** What a crash leaves behind is found and mended here, by every worker, all the time. */

/** Paid pictures on the disk of a dead worker are waited for this long before they are bought again elsewhere. */
const spoolGraceMs = 10 * 60_000;

export class Sweeper {
  readonly #deps: WorkerDeps;
  /** When this process first found a worker dead. */
  readonly #deadSince = new Map<string, number>();
  /** Jobs that this worker owned and did not work on at the last look. */
  #dropped = new Set<string>();

  constructor(deps: WorkerDeps) {
    this.#deps = deps;
  }

  /** Takes over the jobs and spools of dead workers. */
  async mourn(dead: readonly string[]): Promise<void> {
    await adoptSpools(this.#deps);
    for (const worker of dead) {
      if (!this.#deadSince.has(worker)) this.#deps.log.warn({ worker }, 'worker.dead');
      this.#deadSince.set(worker, this.#deadSince.get(worker) ?? Date.now());
      await this.#takeOver(worker);
      if (await this.#deps.liveness.bury(worker)) this.#deadSince.delete(worker);
    }
  }

  async #takeOver(worker: string): Promise<void> {
    const { ledger, liveness, spool } = this.#deps;
    const patient = Date.now() - (this.#deadSince.get(worker) ?? 0) < spoolGraceMs;
    for (const id of await liveness.held(worker)) {
      const job = await ledger.read(id);
      const elsewhere =
        job &&
        [...job.checkpoints.values()].find(
          (checkpoint) => checkpoint.worker === worker && checkpoint.spooled.length > 0,
        );
      // Its pictures are paid and lie on another disk: whoever starts there stores them.
      if (elsewhere && patient && !(await spool.reachable(elsewhere))) continue;
      await recoverJob(this.#deps, id, worker);
    }
  }

  /** Jobs that this process owns and has let fall: an error nobody expected, a script that failed. */
  async pickUpDropped(): Promise<void> {
    const { ledger, liveness, worker, inHand } = this.#deps;
    const idle = (await liveness.held(worker)).filter((id) => !inHand.has(id));
    for (const id of idle.filter((candidate) => this.#dropped.has(candidate))) {
      const job = await ledger.read(id);
      if (job?.worker !== worker || inHand.has(id)) continue;
      this.#deps.log.warn({ job: id }, 'job.picked_up');
      await this.#deps.workOn(job, async () => runJob(this.#deps, job, null, imagesPerCall(this.#deps, job)));
    }
    this.#dropped = new Set(idle);
  }

  /** Ends queued jobs whose deadline has passed; one in progress is looked at when it comes back. */
  async expire(): Promise<void> {
    const { feed, ledger, worker } = this.#deps;
    for (const id of await feed.pastDeadline(200)) {
      const known = await ledger.read(id);
      if (known?.status !== 'queued') continue;
      const job = await ledger.begin(id, known.generation, known.run, worker);
      if (typeof job === 'string') continue;
      await this.#deps.workOn(job, async () => runJob(this.#deps, job, null, imagesPerCall(this.#deps, job)));
    }
  }

  /** Queued jobs whose entry is gone from the queue get a new one. */
  async findLostEntries(): Promise<void> {
    const { feed, ledger, queues } = this.#deps;
    for (const id of await feed.expectEntries(200)) {
      const job = await ledger.read(id);
      if (job?.status !== 'queued') continue;
      const queue = job.stage === 'prepare' ? prepareQueue : readyQueue(job.class_id);
      if (await queues.has(queue, jobEntryId({ j: id, g: job.generation, r: job.run }))) continue;
      this.#deps.log.warn({ job: id, queue }, 'entry.lost');
      await feed.makeDue(id);
    }
  }
}
