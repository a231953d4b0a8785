import { isEnded, type BatchEvent } from './batch-events.js';
import { Caller } from './caller.js';
import { isPassing } from './follow.js';
import { Batches, Files, Jobs } from './resources.js';
import { pause } from './transport.js';
import type { Batch, Job } from './types.js';

export interface RendermillOptions {
  readonly apiKey: string;
  /** Where the API is: http://127.0.0.1:8080. */
  readonly url?: string;
  /** How often a call is repeated that failed in passing, under one Idempotency-Key: 3. */
  readonly retries?: number;
  /** Milliseconds until an answer must begin: 60,000. */
  readonly timeoutMs?: number;
  /** Milliseconds for a call that only asks and is not held, its repeats included: as `timeoutMs` says for each. */
  readonly quickMs?: number;
  readonly fetch?: typeof fetch;
}

export interface WaitOptions {
  readonly signal?: AbortSignal;
}

export interface WaitForBatchOptions extends WaitOptions {
  /** Called with everything that happens meanwhile. */
  readonly onEvent?: (event: BatchEvent) => void;
}

/** Seconds that one call is held: the API's longest. */
const heldSeconds = 60;

/** Rendermill's API. Calls that fail in passing are repeated by themselves, and nothing is bought twice by that. */
export class Rendermill extends Caller {
  readonly jobs = new Jobs(this);
  readonly batches = new Batches(this);
  readonly files = new Files(this);

  constructor(options: RendermillOptions) {
    super({
      url: (options.url ?? 'http://127.0.0.1:8080').replace(/\/+$/, ''),
      key: options.apiKey,
      retries: options.retries ?? 3,
      timeoutMs: options.timeoutMs ?? 60_000,
      quickMs: options.quickMs ?? Infinity,
      // Called bare: a browser's own fetch takes no other `this`.
      fetch: options.fetch ?? ((input, init) => fetch(input, init)),
    });
  }

  /** The job once it has ended, whatever it came to. */
  async waitForJob(id: string, { signal }: WaitOptions = {}): Promise<Job> {
    for (;;) {
      const job = await outliving(() => this.jobs.get(id, { wait: heldSeconds, signal }), signal);
      if (job && isEnded(job)) return job;
    }
  }

  /** The batch once it has ended, whatever it came to. */
  async waitForBatch(id: string, { signal, onEvent }: WaitForBatchOptions = {}): Promise<Batch> {
    if (onEvent) for await (const event of this.batches.events(id, { signal })) onEvent(event);
    for (;;) {
      const batch = await outliving(() => this.batches.get(id, { wait: heldSeconds, signal }), signal);
      if (batch && isEnded(batch)) return batch;
    }
  }
}

/** Milliseconds of trouble in a row after which a wait is given up. */
const patienceMs = 60_000;

/** A held call, again and again while its trouble is passing. */
async function outliving<T>(call: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  for (const since = Date.now(); ;) {
    try {
      return await call();
    } catch (error) {
      if (signal?.aborted || !isPassing(error) || Date.now() - since > patienceMs + heldSeconds * 1_000) throw error;
      await pause(1_000, signal);
    }
  }
}
