import type { Logger } from '@rendermill/shared/observability/log';

/** Something done again and again: after a wait that its last round names, or at once when woken. */
export class Loop {
  readonly #name: string;
  readonly #log: Logger;
  readonly #everyMs: number;
  readonly #step: () => Promise<number | null>;
  #stopped = false;
  #woken = false;
  #wake: () => void = () => undefined;
  #running: Promise<void> | null = null;

  /** `step` answers when it wants to be called again, in milliseconds; null means after `everyMs`, which is also the longest wait. */
  constructor(name: string, log: Logger, everyMs: number, step: () => Promise<number | null>) {
    this.#name = name;
    this.#log = log;
    this.#everyMs = everyMs;
    this.#step = step;
  }

  start(): this {
    this.#running = this.#run();
    return this;
  }

  wake(): void {
    this.#woken = true;
    this.#wake();
  }

  /** Waits for the round under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      let waitMs = this.#everyMs;
      try {
        waitMs = Math.min(this.#everyMs, (await this.#step()) ?? this.#everyMs);
      } catch (error) {
        this.#log.error({ error, loop: this.#name }, 'loop.failed');
      }
      if (waitMs > 0) await this.#sleep(waitMs);
    }
  }

  async #sleep(ms: number): Promise<void> {
    if (!this.#woken && !this.#stopped) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = () => undefined;
    }
    this.#woken = false;
  }
}
