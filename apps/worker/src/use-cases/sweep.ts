import { jobEntryId, prepareQueue, readyQueue } from '@rendermill/shared/queues/entries';
import type { WorkerDeps } from '../deps.js';
import { SpoolHeir } from './spool-heir.js';
import { recoverJob } from './recover-job.js';
import { takeUp } from './take-up.js';

/** What a crash leaves behind is found and mended here, by every worker, all the time. */
export class Sweeper {
  readonly #deps: WorkerDeps;
  readonly #heir: SpoolHeir;
  readonly #mourned = new Set<string>();
  /** Jobs that this worker owned and did not work on at the last look. */
  #dropped = new Set<string>();

  constructor(deps: WorkerDeps) {
    this.#deps = deps;
    this.#heir = new SpoolHeir(deps);
  }

  /** Takes over the jobs and spools of dead workers. */
  async mourn(dead: readonly string[]): Promise<void> {
    const { liveness, log } = this.#deps;
    await this.#heir.adopt();
    for (const worker of dead) {
      if (!this.#mourned.has(worker)) log.warn({ worker }, 'worker.dead');
      this.#mourned.add(worker);
      for (const id of await liveness.held(worker)) await recoverJob(this.#deps, id, worker);
      if (await liveness.bury(worker)) this.#mourned.delete(worker);
    }
  }

  /** Jobs that this process owns and has let fall: an error nobody expected, a script that failed. */
  async pickUpDropped(): Promise<void> {
    const { ledger, liveness, log, worker, inHand } = this.#deps;
    const idle = (await liveness.held(worker)).filter((id) => !inHand.has(id));
    for (const id of idle.filter((candidate) => this.#dropped.has(candidate))) {
      const job = await ledger.read(id);
      if (job?.worker !== worker || inHand.has(id)) continue;
      log.warn({ job: id }, 'job.picked_up');
      takeUp(this.#deps, job);
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
      if (typeof job !== 'string') takeUp(this.#deps, job);
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
