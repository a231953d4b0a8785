import { leaseMs } from '@rendermill/shared/adapters/redis/liveness';

/**
 * Whether this worker may still spend. A process that was paused for long is given up by the others, its jobs and its
 * spool are taken over; it may not know yet, so it buys nothing that it has no fresh word for.
 */
export class Lease {
  readonly #onLapsed: () => void;
  /** Two clocks: one of them may stand still while a machine is suspended. */
  #wallEnd = 0;
  #monotonicEnd = 0;
  #lapsed = false;

  /** `onLapsed`: others have taken over; called once. */
  constructor(onLapsed: () => void) {
    this.#onLapsed = onLapsed;
  }

  /** Runs a heartbeat. It counts from when it was asked, not from when it was answered. */
  async beat(ask: () => Promise<string[] | null>): Promise<string[]> {
    const [wall, monotonic] = [Date.now(), performance.now()];
    const dead = await ask();
    if (dead !== null) {
      this.#wallEnd = wall + leaseMs;
      this.#monotonicEnd = monotonic + leaseMs;
      return dead;
    }
    if (!this.#lapsed) {
      this.#lapsed = true;
      this.#onLapsed();
    }
    return [];
  }

  get holds(): boolean {
    return !this.#lapsed && Date.now() < this.#wallEnd && performance.now() < this.#monotonicEnd;
  }
}
