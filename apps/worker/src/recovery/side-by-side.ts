/** Work of which so much is under way at once; who starts more waits for room. The first failure ends it. */
export class SideBySide {
  readonly #room: number;
  readonly #running = new Set<Promise<void>>();
  #taken = 0;
  #failure: { readonly error: unknown } | null = null;

  constructor(room: number) {
    this.#room = room;
  }

  /** `share`: how much of the room this takes; what takes all of it, or more, goes alone. */
  async start(work: () => Promise<void>, share = 1): Promise<void> {
    while (this.#running.size > 0 && this.#taken + share > this.#room) await Promise.race(this.#running);
    this.#raise();
    this.#taken += share;
    const task = work()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#running.delete(task);
        this.#taken -= share;
      });
    this.#running.add(task);
  }

  async end(): Promise<void> {
    await Promise.all(this.#running);
    this.#raise();
  }

  #raise(): void {
    if (this.#failure) throw this.#failure.error;
  }
}
