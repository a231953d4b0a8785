import pLimit from 'p-limit';
import type { Logger } from '@rendermill/shared/observability/log';

/** Work that nobody waits for but a shutdown. A few at a time. */
export class Background {
  readonly #log: Logger;
  readonly #limit = pLimit(8);
  readonly #running = new Set<Promise<void>>();

  constructor(log: Logger) {
    this.#log = log;
  }

  start(work: () => Promise<void>): void {
    const run = this.#limit(work)
      .catch((error: unknown) => this.#log.error({ error }, 'background.failed'))
      .finally(() => this.#running.delete(run));
    this.#running.add(run);
  }

  async idle(): Promise<void> {
    await Promise.all(this.#running);
  }
}
