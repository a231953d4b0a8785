/** Answers that a fault keeps back until somebody lets them go. */
export class Holds {
  readonly #held = new Set<() => void>();

  get count(): number {
    return this.#held.size;
  }

  /** Until `release`, or until `leave` hands over a way out and it is taken. */
  async wait(leave: (out: () => void) => void): Promise<void> {
    await new Promise<void>((resolve) => {
      const out = (): void => {
        this.#held.delete(out);
        resolve();
      };
      this.#held.add(out);
      leave(out);
    });
  }

  /** Lets everything go; how many there were. */
  release(): number {
    const held = [...this.#held];
    for (const out of held) out();
    return held.length;
  }
}
