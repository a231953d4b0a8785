import type { Queues } from '@rendermill/shared/adapters/bullmq/queues';
import type { Outbound } from '@rendermill/shared/adapters/http/outbound';
import type { AccountState } from '@rendermill/shared/adapters/redis/account-state';
import type { Book } from '@rendermill/shared/adapters/redis/books';
import type { BatchLedger } from '@rendermill/shared/adapters/redis/batch-ledger';
import type { BatchReader } from '@rendermill/shared/adapters/redis/batch-reader';
import type { BatchStore } from '@rendermill/shared/adapters/redis/batch-store';
import type { DeliveryStore } from '@rendermill/shared/adapters/redis/delivery-store';
import type { Feed } from '@rendermill/shared/adapters/redis/feed';
import type { FileStore } from '@rendermill/shared/adapters/redis/file-store';
import type { JobStore } from '@rendermill/shared/adapters/redis/job-store';
import type { Ledger } from '@rendermill/shared/adapters/redis/ledger';
import type { LiveAccounts } from '@rendermill/shared/adapters/redis/live-accounts';
import type { Liveness } from '@rendermill/shared/adapters/redis/liveness';
import type { Permits } from '@rendermill/shared/adapters/redis/permits';
import type { PrepareLines } from '@rendermill/shared/adapters/redis/prepare-lines';
import type { Profiles } from '@rendermill/shared/adapters/redis/profiles';
import type { Signals } from '@rendermill/shared/adapters/redis/signals';
import type { Spool } from '@rendermill/shared/adapters/spool/spool';
import type { Account } from '@rendermill/shared/domain/accounts';
import type { Job } from '@rendermill/shared/domain/job';
import type { Outcome } from '@rendermill/shared/domain/outcome';
import type { Preference } from '@rendermill/shared/domain/routing-class';
import type { Logger } from '@rendermill/shared/observability/log';
import type { WorkerMetrics } from '@rendermill/shared/observability/worker-metrics';
import type { Storage } from '@rendermill/shared/ports/storage';
import type { LimitFunction } from 'p-limit';
import type { Dispatcher } from 'undici';
import type { Background } from './consumers/background.js';
import type { Lease } from './consumers/lease.js';
import type { Places } from './use-cases/places.js';

/** What the worker's use cases work with. Made once, in `build-worker.ts`. */
export interface WorkerDeps {
  /** This process's id: owner of jobs, name of its spool folder. */
  readonly worker: string;
  readonly log: Logger;
  readonly metrics: WorkerMetrics;
  readonly ledger: Ledger;
  /** The ledger as users see it: where the calls of probes are submitted, and for a batch's cancel. */
  readonly jobs: JobStore;
  readonly batches: BatchLedger;
  readonly batchStore: BatchStore;
  readonly batchReader: BatchReader;
  readonly files: FileStore;
  readonly permits: Permits;
  readonly accountState: (book: Book) => Promise<AccountState>;
  readonly liveness: Liveness;
  readonly feed: Feed;
  readonly queues: Queues;
  readonly signals: Signals;
  readonly deliveries: DeliveryStore;
  readonly storage: Storage;
  readonly spool: Spool;
  /** The way to URLs that somebody gave us. */
  readonly outbound: Outbound;
  /** Connections to the configured providers. */
  readonly providers: Dispatcher;
  readonly accounts: ReadonlyMap<string, Account>;
  /** The same accounts: what is read through it is known of them from then on. */
  readonly live: LiveAccounts;
  /** What was found out about the accounts. */
  readonly profiles: Profiles;
  /** What decides between accounts that could serve a job. */
  readonly prefer: Preference;
  /** The base URL at which an account is reached. */
  readonly addressOf: (account: Account) => Promise<string>;
  readonly maxPaidAttempts: number;
  /** Key of signed links. */
  readonly secret: string;
  readonly lease: Lease;
  readonly background: Background;
  readonly uploads: LimitFunction;
  /** Copies of paid results: shares of hosts. */
  readonly downloads: Places;
  /** Input images from URLs: one that hangs keeps no paid result waiting. Shares of projects, then of hosts. */
  readonly inputFetches: Places;
  readonly prepareLines: PrepareLines;
  /** Ids of the jobs that this process is working on; a job it owns and that is not here was dropped by a fault. */
  readonly inHand: Set<string>;
  /** Works on a job that this worker owns, and settles what that came to. */
  readonly workOn: (job: Job, work: () => Promise<Outcome>) => Promise<void>;
  readonly random: () => number;
  /** Aborted when a shutdown's grace is over: what still waits gives up and leaves its work resumable. */
  readonly interrupted: AbortSignal;
}

/** Thrown inside a use case when the process must end now; the work is taken up from its checkpoint. */
export class Interrupted extends Error {
  constructor() {
    super('the worker is shutting down');
    this.name = 'Interrupted';
  }
}

/** Waits, or throws {@link Interrupted} at once when the process must end. */
export async function pause(deps: Pick<WorkerDeps, 'interrupted'>, ms: number): Promise<void> {
  const { interrupted } = deps;
  if (interrupted.aborted) throw new Interrupted();
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(new Interrupted());
    };
    const timer = setTimeout(() => {
      interrupted.removeEventListener('abort', stop);
      resolve();
    }, ms);
    interrupted.addEventListener('abort', stop, { once: true });
  });
}
