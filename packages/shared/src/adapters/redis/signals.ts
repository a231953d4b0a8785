import type { Redis } from 'ioredis';

/**
 * Pub/sub, for speed only: whoever misses a message finds the fact by reading. `wake` tells workers that there is
 * something to do (a routing class has an entry, a permit came back, a delivery is due), `done` that a job has ended,
 * `changed` that a batch is in another state, `profile` that something was found out about an account, `keys` that an API key is another or none, `preview:{job}`
 * carries a picture on its way.
 */
export class Signals {
  readonly #publisher: Redis;
  readonly #subscriber: Redis;
  readonly #prefix: string;
  readonly #listeners = new Map<string, Set<(message: string) => void>>();

  constructor(publisher: Redis, subscriber: Redis, prefix: string) {
    this.#publisher = publisher;
    this.#subscriber = subscriber;
    this.#prefix = prefix;
    subscriber.on('message', (channel: string, message: string) => {
      for (const listener of this.#listeners.get(channel) ?? []) listener(message);
    });
  }

  async listen(
    topic: 'wake' | 'done' | 'changed' | 'profile' | 'keys',
    listener: (message: string) => void,
  ): Promise<void> {
    await this.#hear(this.#prefix + topic, listener);
  }

  /** Tells whoever listens now, and nobody else. */
  async preview(job: string, facts: object): Promise<void> {
    await this.#publisher.publish(`${this.#prefix}preview:${job}`, JSON.stringify(facts));
  }

  /** Previews of a job from now on, until the answered function is called. */
  async previews(job: string, listener: (facts: Record<string, unknown>) => void): Promise<() => Promise<void>> {
    const channel = `${this.#prefix}preview:${job}`;
    const hear = (message: string): void => listener(JSON.parse(message) as Record<string, unknown>);
    await this.#hear(channel, hear);
    return async () => {
      // Heard no more from here on, whatever becomes of the subscription.
      const listeners = this.#listeners.get(channel);
      listeners?.delete(hear);
      if (listeners?.size !== 0) return;
      this.#listeners.delete(channel);
      await this.#subscriber.unsubscribe(channel);
    };
  }

  async wake(what: string): Promise<void> {
    await this.#publisher.publish(`${this.#prefix}wake`, what);
  }

  async #hear(channel: string, listener: (message: string) => void): Promise<void> {
    const known = this.#listeners.get(channel);
    if (known) {
      known.add(listener);
      return;
    }
    this.#listeners.set(channel, new Set([listener]));
    try {
      await this.#subscriber.subscribe(channel);
    } catch (error) {
      // Nobody is told to stop listening to what never began.
      this.#listeners.delete(channel);
      throw error;
    }
  }
}
