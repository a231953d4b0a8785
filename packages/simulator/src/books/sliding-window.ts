const minute = 60_000;

/** What happened within the last minute, to the millisecond. */
export class SlidingWindow {
  #events: { at: number; weight: number }[] = [];
  // Events before it have left the window; they are cut off once they are many.
  #first = 0;
  #sum = 0;

  add(now: number, weight: number): void {
    this.#advance(now);
    this.#events.push({ at: now, weight });
    this.#sum += weight;
  }

  sum(now: number): number {
    this.#advance(now);
    return this.#sum;
  }

  /** Milliseconds until another `weight` fits under a limit; 0 where it does now. */
  waitFor(now: number, weight: number, limit: number): number {
    this.#advance(now);
    let excess = this.#sum + weight - limit;
    if (excess <= 0) return 0;
    for (let i = this.#first; i < this.#events.length; i++) {
      const event = this.#events[i];
      if (!event) break;
      excess -= event.weight;
      if (excess <= 0) return event.at + minute - now;
    }
    return minute;
  }

  #advance(now: number): void {
    for (let event = this.#events[this.#first]; event && event.at <= now - minute; event = this.#events[this.#first]) {
      this.#sum -= event.weight;
      this.#first += 1;
    }
    if (this.#first > 1_000 && this.#first * 2 > this.#events.length) {
      this.#events = this.#events.slice(this.#first);
      this.#first = 0;
    }
  }
}
