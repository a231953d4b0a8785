import type { Redis } from 'ioredis';
import { EntryTaker, type Taken } from '@rendermill/shared/adapters/bullmq/taker';
import type { Permit } from '@rendermill/shared/adapters/redis/permits';
import type { AccountNews } from '@rendermill/shared/domain/account-news';
import { membersOf, type Ranked, type RoutingClass } from '@rendermill/shared/domain/routing-class';
import { jobEntry, readyQueue, type JobEntry } from '@rendermill/shared/queues/entries';
import type { WorkerDeps } from '../deps.js';
import type { HeldPermit, Lend } from '../use-cases/held-permit.js';
import { runJob } from '../use-cases/run-job.js';
import { tellChange } from './tell-change.js';
import { workOn } from './work-on.js';

/**
 * Permit first, then an entry: while all permits are taken the entries stay in the queue, where a more urgent one
 * can still overtake them. One waiter per process and routing class; the account is chosen as late as this.
 */
interface ReadyClass {
  readonly routing: RoutingClass;
  /** Its accounts that are configured, in its order. */
  readonly ranked: readonly Ranked[];
  readonly taker: EntryTaker<JobEntry>;
  /** False once its queue was found empty, until something says otherwise. */
  hungry: boolean;
  waitingSince: number | null;
  /** Jobs in hand that want a permit for one more of their calls. */
  readonly borrowers: Set<(held: HeldPermit) => void>;
}

const pollMs = 1_000;

export interface DispatchOptions {
  readonly connection: Redis;
  readonly keyPrefix: string;
  /** Jobs in hand at once. */
  readonly concurrency: number;
  readonly classes: () => Promise<RoutingClass[]>;
}

export class Dispatcher {
  readonly #deps: WorkerDeps;
  readonly #options: DispatchOptions;
  readonly #classes = new Map<string, ReadyClass>();
  readonly #running = new Set<Promise<void>>();
  readonly #permits = new Set<Permit>();
  /** Those of the above that a job has beside its first. */
  readonly #lent = new Set<Permit>();
  #stopping = false;
  #wake: () => void = () => undefined;
  #woken = false;
  #loop: Promise<void> | null = null;
  #rotation = 0;
  #nextPoll = 0;
  #full = false;
  #fedAt = Date.now();

  constructor(deps: WorkerDeps, options: DispatchOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Something may be there to do: an entry of a class, or a permit. */
  notify(what: string): void {
    const ready = this.#classes.get(what);
    if (ready) ready.hungry = true;
    // Perhaps a class that nobody has used before.
    else if (what !== 'permit') this.#nextPoll = 0;
    this.#signal();
  }

  get running(): number {
    return this.#running.size;
  }

  /** When it last took an entry or had a good reason not to; see the watchdog. */
  get fedAt(): number {
    return this.#fedAt;
  }

  /** Permits of calls in flight, whose leases must be renewed. */
  get permits(): readonly Permit[] {
    return [...this.#permits];
  }

  /** Takes no more, and waits for the jobs in hand. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#signal();
    await this.#loop;
    await Promise.all(this.#running);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#classes.values()].map(async ({ taker }) => taker.close()));
  }

  #signal(): void {
    this.#woken = true;
    this.#wake();
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      try {
        if (Date.now() >= this.#nextPoll) {
          this.#nextPoll = Date.now() + pollMs;
          await this.#poll();
        }
        const waitMs = await this.#round();
        if (waitMs > 0) await this.#sleep(Math.min(waitMs, Math.max(0, this.#nextPoll - Date.now())));
      } catch (error) {
        // Redis is away: its client reconnects, and so do we.
        this.#deps.log.error({ error }, 'dispatch.failed');
        await this.#sleep(pollMs);
      }
    }
  }

  /** Learns of new classes, and finds entries whose signal was missed. */
  async #poll(): Promise<void> {
    const full = await this.#deps.spool.isFull();
    if (full !== this.#full) this.#deps.log.warn({ full }, 'spool.full');
    this.#full = full;
    let waiting = 0;
    for (const routing of await this.#options.classes()) {
      const known = this.#classes.get(routing.id) ?? this.#open(routing);
      const entries = await this.#deps.queues.waiting(readyQueue(routing.id));
      if (entries > 0) known.hungry = true;
      waiting += entries;
    }
    if (waiting === 0) this.#fedAt = Date.now();
  }

  #open(routing: RoutingClass): ReadyClass {
    const ranked = membersOf(routing, this.#deps.accounts);
    const onError = (error: Error): void => this.#deps.log.error({ error, routing_class: routing.id }, 'queue.error');
    const { connection, keyPrefix } = this.#options;
    const taker = new EntryTaker<JobEntry>(readyQueue(routing.id), connection, keyPrefix, onError);
    const ready: ReadyClass = { routing, ranked, taker, hungry: true, waitingSince: null, borrowers: new Set() };
    this.#classes.set(routing.id, ready);
    return ready;
  }

  /** Starts what can be started. Answers how long nothing more can be, in milliseconds. */
  async #round(): Promise<number> {
    let waitMs = pollMs;
    const hungry = [...this.#classes.values()].filter((ready) => ready.hungry);
    // Each class gets the first chance in turn.
    this.#rotation++;
    for (let i = 0; i < hungry.length; i++) {
      if (this.#stopping || this.#full || this.#running.size + this.#lent.size >= this.#options.concurrency) {
        this.#fedAt = Date.now();
        return pollMs;
      }
      const ready = hungry[(i + this.#rotation) % hungry.length];
      if (ready) waitMs = Math.min(waitMs, await this.#startNext(ready));
    }
    return waitMs;
  }

  /** Answers 0 where a job was started or the queue is empty, else how long to wait for a permit. */
  async #startNext(ready: ReadyClass): Promise<number> {
    ready.waitingSince ??= Date.now();
    // A class whose accounts are configured no more: its jobs are routed anew, without a permit.
    const held = ready.ranked.length === 0 ? null : await this.#acquire(ready);
    if (held !== null && 'waitMs' in held) {
      this.#fedAt = Date.now();
      return held.waitMs ?? pollMs;
    }
    if (held && this.#lendOn(ready, held)) return 0;
    ready.hungry = false;
    let entry: Taken<JobEntry> | null;
    try {
      entry = await ready.taker.take();
    } catch (error) {
      // A permit that nobody gives back is a place at the provider that nobody gets.
      ready.hungry = true;
      await held?.release();
      throw error;
    }
    if (!entry) {
      await held?.release();
      ready.waitingSince = null;
      return pollMs;
    }
    ready.hungry = true;
    this.#fedAt = Date.now();
    if (held) this.#deps.metrics.permitWait.observe((Date.now() - ready.waitingSince) / 1_000);
    ready.waitingSince = null;
    const work = this.#work(ready, entry, held);
    this.#running.add(work);
    void work.finally(() => {
      this.#running.delete(work);
      this.#signal();
    });
    return 0;
  }

  /** A job in hand comes before those in the queue: they would be behind it, were it one call. */
  #lendOn(ready: ReadyClass, held: HeldPermit): boolean {
    const [take] = ready.borrowers;
    if (!take) return false;
    ready.borrowers.delete(take);
    ready.waitingSince = null;
    this.#lent.add(held.permit);
    take(held);
    return true;
  }

  async #acquire(ready: ReadyClass): Promise<HeldPermit | { readonly waitMs: number | null }> {
    const permit = await this.#deps.permits.acquire(ready.ranked, ready.routing.images, ready.routing.model);
    if ('waitMs' in permit) return permit;
    const account = this.#deps.accounts.get(permit.account);
    if (!account) throw new Error(`a permit for ${permit.account}, which is not configured`);
    this.#permits.add(permit);
    const { permits } = this.#deps;
    let logged: readonly number[] = [];
    const sent = (): void => {
      if (!permit.paced) return;
      // It is known before the answer comes; where it is not, the minute is judged by what it holds then.
      permits.sent(permit).then(
        (count) => (logged = count),
        (error: unknown) => this.#deps.log.error({ error }, 'permit.not_stamped'),
      );
    };
    const giveBack = async (news: AccountNews | null): Promise<void> => {
      if (!this.#permits.delete(permit)) return;
      this.#lent.delete(permit);
      const released = news ? permits.report(permit, news, logged) : permits.release(permit);
      // What asks for the next one stands behind this on the same connection: both are one way.
      this.#signal();
      try {
        const change = await released;
        if (news && change) tellChange(this.#deps, account.id, ready.routing.model, change, news);
      } catch (error) {
        // Not renewed any more, its lease ends by itself.
        this.#deps.log.error({ error }, 'permit.not_released');
      }
    };
    return { permit, account, sent, report: giveBack, release: async () => giveBack(null) };
  }

  async #work(ready: ReadyClass, entry: Taken<JobEntry>, held: HeldPermit | null): Promise<void> {
    const deps = this.#deps;
    try {
      const { j, g, r } = jobEntry.parse(entry.data);
      const job = await deps.ledger.begin(j, g, r, deps.worker);
      if (typeof job === 'string') return;
      await workOn(deps, job, async () => {
        const outcome = await runJob(deps, job, held, ready.routing.images, this.#lender(ready));
        await held?.release();
        return outcome;
      });
    } catch (error) {
      deps.log.error({ error, entry: entry.id }, 'dispatch.failed');
    } finally {
      await held?.release();
      await ready.taker.complete(entry.id);
    }
  }

  #lender(ready: ReadyClass): Lend {
    return (take) => {
      // Of its own, for a job asks several times with the same function.
      const borrower = (held: HeldPermit): void => take(held);
      ready.borrowers.add(borrower);
      ready.hungry = true;
      this.#signal();
      return () => void ready.borrowers.delete(borrower);
    };
  }

  async #sleep(ms: number): Promise<void> {
    if (this.#woken) {
      this.#woken = false;
      return;
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = () => undefined;
    this.#woken = false;
  }
}
