/** Work of which so much is under way at once; who starts more waits for room. The first failure ends it. */
export class SideBySide {
  readonly #room: number;
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | null = null;

  constructor(room: number) {
    this.#room = room;
  }

  async start(work: () => Promise<void>): Promise<void> {
    while (this.#running.size >= this.#room) await Promise.race(this.#running);
    this.#raise();
    const task = work()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#running.delete(task));
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
