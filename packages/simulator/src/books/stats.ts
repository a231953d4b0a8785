import type { LedgerEntry } from './ledger.js';
import { SlidingWindow } from './sliding-window.js';

/** Counts since the start or the last reset; unlike the ledger, they never forget. */
export interface Stats {
  requests: number;
  charged: number;
  cost_micros: number;
  images: number;
  /** Requests at work now: from their arrival to the last byte of their answer. */
  in_flight: number;
  max_in_flight: number;
  /** Answers that hang now, until `release`. */
  held: number;
  /** 429 answers of the limits, not of faults. */
  rejected_429: number;
  /** Most requests, and most images asked for, that were admitted within any 60 seconds. */
  max_requests_per_minute: number;
  max_images_per_minute: number;
  /** By outcome as the ledger words it. */
  outcomes: Record<string, number>;
}

const empty = (inFlight: number): Stats => ({
  requests: 0,
  charged: 0,
  cost_micros: 0,
  images: 0,
  in_flight: inFlight,
  max_in_flight: inFlight,
  held: 0,
  rejected_429: 0,
  max_requests_per_minute: 0,
  max_images_per_minute: 0,
  outcomes: {},
});

export class Counters {
  #stats = empty(0);
  #requests = new SlidingWindow();
  #images = new SlidingWindow();

  snapshot(held: number): Stats {
    return { ...this.#stats, held, outcomes: { ...this.#stats.outcomes } };
  }

  arrived(): void {
    this.#stats.requests += 1;
    this.#stats.in_flight += 1;
    this.#stats.max_in_flight = Math.max(this.#stats.max_in_flight, this.#stats.in_flight);
  }

  admitted(now: number, images: number): void {
    this.#requests.add(now, 1);
    this.#images.add(now, images);
    const stats = this.#stats;
    stats.max_requests_per_minute = Math.max(stats.max_requests_per_minute, this.#requests.sum(now));
    stats.max_images_per_minute = Math.max(stats.max_images_per_minute, this.#images.sum(now));
  }

  rejected(): void {
    this.#stats.rejected_429 += 1;
  }

  charged(micros: number): void {
    this.#stats.charged += 1;
    this.#stats.cost_micros += micros;
  }

  left(entry: LedgerEntry): void {
    this.#stats.in_flight -= 1;
    this.#stats.images += entry.images;
    this.#stats.outcomes[entry.outcome] = (this.#stats.outcomes[entry.outcome] ?? 0) + 1;
  }

  /** Requests at work stay counted: they will leave. */
  reset(): void {
    this.#stats = empty(this.#stats.in_flight);
    this.#requests = new SlidingWindow();
    this.#images = new SlidingWindow();
  }
}
