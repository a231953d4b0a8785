import type { JobStore } from '@rendermill/shared/adapters/redis/job-store';
import type { Signals } from '@rendermill/shared/adapters/redis/signals';
import { asError } from '@rendermill/shared/domain/errors';
import { isTerminal, type Job } from '@rendermill/shared/domain/job';
import { Bell } from './bell.js';

/**
 * Waits for jobs to end. One subscription for the whole process tells at once; a slow look at the ledger finds what a
 * lost message did not tell.
 */
const lookEveryMs = 2_000;
/** Sooner after a look that failed: what was told meanwhile was told to nobody. */
const lookAgainMs = 500;

export class JobWaiter {
  readonly #jobs: Pick<JobStore, 'get'>;
  readonly #bell = new Bell();

  constructor(jobs: Pick<JobStore, 'get'>) {
    this.#jobs = jobs;
  }

  async start(signals: Pick<Signals, 'listen'>): Promise<void> {
    await signals.listen('done', (id) => this.#bell.ring(id));
  }

  /**
   * The job once it has ended (or `enough` of it is there), or as it stands after `ms` or when `signal` aborts; null where there is none. A look
   * that fails is made again while there is time; throws where there was none that did not.
   */
  async until(
    project: string,
    id: string,
    ms: number,
    signal: AbortSignal,
    enough: (job: Job) => boolean = () => false,
  ): Promise<Job | null> {
    const deadline = Date.now() + ms;
    let waitMs = lookEveryMs;
    let known: Job | undefined;
    for (;;) {
      // Listening begins before the look, so that an end between the two is not missed.
      const woken = this.#bell.hear(id, Math.min(waitMs, Math.max(0, deadline - Date.now())), signal);
      const look = await this.#look(project, id);
      if (look.job) known = look.job;
      const told = look.error === null && (!look.job || isTerminal(look.job.status) || enough(look.job));
      if (told || Date.now() >= deadline || signal.aborted) {
        woken.stop();
        if (look.error === null) return look.job;
        if (known) return known;
        throw look.error;
      }
      waitMs = look.error === null ? lookEveryMs : lookAgainMs;
      await woken.promise;
    }
  }

  /** Resolves when a job has ended, whether it was in the ledger before or not; after `ms`, or a while, at the latest. */
  async news(id: string, ms: number, signal: AbortSignal): Promise<void> {
    await this.#bell.hear(id, Math.min(lookEveryMs, ms), signal).promise;
  }

  /** Listens for the same from now on; what happens in between is found by a look at the ledger. */
  hear(id: string, signal: AbortSignal): { promise: Promise<void>; stop: () => void } {
    return this.#bell.hear(id, lookEveryMs, signal);
  }

  async #look(project: string, id: string): Promise<{ job: Job | null; error: Error | null }> {
    try {
      return { job: await this.#jobs.get(project, id), error: null };
    } catch (error) {
      return { job: null, error: asError(error) };
    }
  }
}
