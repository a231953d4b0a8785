import type { HoldEnd, JobStore, Repeat } from '@rendermill/shared/adapters/redis/job-store';
import type { Logger } from '@rendermill/shared/observability/log';

/**
 * How held calls ended, told to the ledger. What Redis does not take is told again until it does: a job whose holder
 * never left would be bought a second time by its client's next try.
 */
const againMs = 300;
/** By then nobody repeats the call any more: the ledger's own window for claims. */
const giveUpMs = 10 * 60_000;

type Held = Pick<Repeat, 'claim' | 'holder'>;

interface Ending {
  readonly held: Held;
  readonly how: HoldEnd;
  readonly since: number;
}

export class Holds {
  readonly #jobs: Pick<JobStore, 'releaseHold'>;
  readonly #log: Logger;
  /** By holder: what Redis has not been told yet. */
  readonly #untold = new Map<string, Ending>();
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(jobs: Pick<JobStore, 'releaseHold'>, log: Logger) {
    this.#jobs = jobs;
    this.#log = log;
  }

  /** Ends a hold, now or as soon as Redis is back; never throws. Calls with an Idempotency-Key hold nothing. */
  async release(held: Held, how: HoldEnd): Promise<void> {
    if (held.claim === '') return;
    const ending = { held, how, since: Date.now() };
    this.#untold.set(held.holder, ending);
    try {
      await this.#tell(ending);
    } catch (error) {
      this.#log.warn({ error, how }, 'hold.not_released');
      this.#later();
    }
  }

  /** Before an identical request is taken: the holds of those before it are ended. Throws where Redis is still away. */
  async settle(claim: string): Promise<void> {
    if (claim === '') return;
    for (const ending of this.#untold.values()) if (ending.held.claim === claim) await this.#tell(ending);
  }

  /** Leaves the rest to this process's lease, without which every hold is void. */
  close(): void {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
  }

  async #tell(ending: Ending): Promise<void> {
    await this.#jobs.releaseHold(ending.held, ending.how);
    this.#untold.delete(ending.held.holder);
  }

  #later(): void {
    if (this.#timer || this.#closed || this.#untold.size === 0) return;
    this.#timer = setTimeout(() => {
      void this.#round().finally(() => {
        this.#timer = null;
        this.#later();
      });
    }, againMs);
  }

  async #round(): Promise<void> {
    for (const ending of this.#untold.values()) {
      try {
        await this.#tell(ending);
      } catch (error) {
        if (Date.now() - ending.since < giveUpMs) return;
        this.#untold.delete(ending.held.holder);
        this.#log.error({ error, how: ending.how }, 'hold.given_up');
      }
    }
  }
}
