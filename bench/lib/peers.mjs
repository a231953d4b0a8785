// The peers, as processes that are told what to render.
import { randomBytes } from 'node:crypto';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { root, startNode } from './children.mjs';

class Peer {
  #setup;
  #child = null;
  #orders = [];
  #ordered = 0;

  constructor(setup) {
    this.#setup = setup;
  }

  async open() {}

  async startWorker() {
    const { stage, simulator, store, concurrency, request, profile } = this.#setup;
    const env = {
      ...store.env,
      ...this.env(stage),
      OPENAI_BASE_URL: simulator.url,
      OPENAI_API_KEY: 'sk-bench',
      CONCURRENCY: String(concurrency),
      MODEL: request.model,
      SIZE: request.size,
    };
    const options = { dir: stage.dir, env, measured: true, profile };
    this.#child = startNode(this.name, `${root}/bench/peers/${this.name}.mjs`, options);
    await this.#child.message('ready');
    for (const order of this.#orders) this.#child.send(order);
  }

  /** What is submitted before the worker is there waits for it. */
  async submit(count) {
    const order = { first: this.#ordered, count };
    this.#ordered += count;
    await this.enqueue(order);
    this.#orders.push(order);
    this.#child?.send(order);
  }

  async finished() {
    for (; this.#orders.length > 0; this.#orders.shift()) {
      const { failures } = await this.#child.message('done');
      if (failures.length > 0) throw new Error(`${this.name}: ${failures.length} failed: ${failures[0]}`);
    }
  }

  mark() {
    return this.#child.mark();
  }

  async close() {
    await this.#child?.stop();
  }
}

export class Script extends Peer {
  name = 'script';

  env() {
    return {};
  }

  async enqueue() {}
}

export class BareBullmq extends Peer {
  name = 'bullmq';
  #redis = null;
  #queue = null;
  #queueName = `bench-${randomBytes(5).toString('hex')}`;
  #path;

  constructor(setup) {
    super(setup);
    this.#path = setup.stage.redisUrl.replace(/^unix:/, '');
  }

  env() {
    return { REDIS_PATH: this.#path, QUEUE: this.#queueName };
  }

  async open() {
    this.#redis = new Redis(this.#path, { maxRetriesPerRequest: null });
    this.#queue = new Queue(this.#queueName, { connection: this.#redis });
  }

  async enqueue({ first, count }) {
    const jobs = Array.from({ length: count }, (_, i) => ({ name: 'image', data: { prompt: `picture ${first + i}` } }));
    await this.#queue.addBulk(jobs);
  }

  async close() {
    await super.close();
    await this.#queue?.obliterate({ force: true });
    await this.#queue?.close();
    this.#redis?.disconnect();
  }
}
