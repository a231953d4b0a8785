import type { Redis } from 'ioredis';

/**
 * Pub/sub, for speed only: whoever misses a message finds the fact by reading. `wake` tells workers that there is
 * something to do (a routing class has an entry, a permit came back, a delivery is due), `done` that a job has ended.
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

  async listen(topic: 'wake' | 'done', listener: (message: string) => void): Promise<void> {
    const channel = this.#prefix + topic;
    const known = this.#listeners.get(channel);
    if (known) {
      known.add(listener);
      return;
    }
    this.#listeners.set(channel, new Set([listener]));
    await this.#subscriber.subscribe(channel);
  }

  async wake(what: string): Promise<void> {
    await this.#publisher.publish(`${this.#prefix}wake`, what);
  }
}
