import type { Logger } from './log.js';

/** What was opened is closed in reverse, each once, all of it even where one fails. */
export class Lifecycle {
  readonly #closers: { readonly name: string; readonly close: () => unknown }[] = [];
  #closing: Promise<void> | null = null;

  /** Registers how to close something that was just opened. */
  onClose(name: string, close: () => unknown): void {
    this.#closers.push({ name, close });
  }

  async close(log: Logger): Promise<void> {
    this.#closing ??= this.#close(log);
    return this.#closing;
  }

  async #close(log: Logger): Promise<void> {
    for (const { name, close } of this.#closers.reverse()) {
      try {
        await withinLimit(name, close());
      } catch (error) {
        log.error({ error, what: name }, 'close.failed');
      }
    }
  }
}

/** Nothing that is closed may keep the process from ending. */
const limitMs = 10_000;

async function withinLimit(name: string, closing: unknown): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${name} did not close within ${limitMs} ms`)), limitMs);
  });
  try {
    await Promise.race([closing, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Runs `stop` once on SIGTERM, SIGINT, or when the parent process that spoke to us is gone; then ends the process.
 * The answer does the same for a reason of our own, with exit code 1: whoever supervises starts a new process.
 */
export function stopOnSignals(stop: (why: string) => Promise<void>, log: Logger): (why: string) => void {
  let stopping = false;
  const handle = (why: string, code: number): void => {
    if (stopping) return;
    stopping = true;
    stop(why).then(
      () => process.exit(code),
      (error: unknown) => {
        log.fatal({ error }, 'stop.failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => handle('SIGTERM', 0));
  process.on('SIGINT', () => handle('SIGINT', 0));
  process.on('disconnect', () => handle('parent gone', 0));
  return (why) => handle(why, 1);
}
