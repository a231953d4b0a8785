import type { LimitFunction } from 'p-limit';
import type { Queues } from '@rendermill/shared/adapters/bullmq/queues';
import type { Files } from '@rendermill/shared/adapters/files/files';
import type { Outbound } from '@rendermill/shared/adapters/http/outbound';
import type { ApiKeyStore } from '@rendermill/shared/adapters/redis/api-key-store';
import type { AccountBooks } from '@rendermill/shared/adapters/redis/account-books';
import type { AccountState } from '@rendermill/shared/adapters/redis/account-state';
import type { BatchReader } from '@rendermill/shared/adapters/redis/batch-reader';
import type { BatchStore } from '@rendermill/shared/adapters/redis/batch-store';
import type { Book } from '@rendermill/shared/adapters/redis/books';
import type { DeliveryStore } from '@rendermill/shared/adapters/redis/delivery-store';
import type { EventStore } from '@rendermill/shared/adapters/redis/event-store';
import type { Feed } from '@rendermill/shared/adapters/redis/feed';
import type { FileStore } from '@rendermill/shared/adapters/redis/file-store';
import type { JobLists } from '@rendermill/shared/adapters/redis/job-lists';
import type { JobStore } from '@rendermill/shared/adapters/redis/job-store';
import type { LiveAccounts } from '@rendermill/shared/adapters/redis/live-accounts';
import type { Profiles } from '@rendermill/shared/adapters/redis/profiles';
import type { KeyPepper } from '@rendermill/shared/adapters/redis/key-pepper';
import type { RequestLimits } from '@rendermill/shared/adapters/redis/request-limits';
import type { Signals } from '@rendermill/shared/adapters/redis/signals';
import type { UnknownAttempts } from '@rendermill/shared/adapters/redis/unknown-attempts';
import type { UsageBooks } from '@rendermill/shared/adapters/redis/usage-books';
import type { WebhookSecrets } from '@rendermill/shared/adapters/redis/webhook-secrets';
import type { WebhookStore } from '@rendermill/shared/adapters/redis/webhook-store';
import type { Account } from '@rendermill/shared/domain/accounts';
import type { OrderLimits, Scope } from '@rendermill/shared/domain/api-keys';
import type { Mode } from '@rendermill/shared/domain/job';
import type { Preference, RoutingClass } from '@rendermill/shared/domain/routing-class';
import type { Logger } from '@rendermill/shared/observability/log';
import type { ApiMetrics } from '@rendermill/shared/observability/api-metrics';
import type { Storage } from '@rendermill/shared/ports/storage';
import type { BatchWaiter } from './batch-waiter.js';
import type { Holds } from './holds.js';
import type { JobWaiter } from './job-waiter.js';
import type { KeyRing } from './key-ring.js';
import type { Thumbnails } from './use-cases/thumbnails.js';

/** What the API's use cases and handlers work with. Made once, in `build-api.ts`. */
export interface ApiDeps {
  /** This process's id: holder of synchronous calls. */
  readonly holder: string;
  readonly log: Logger;
  readonly metrics: ApiMetrics;
  /** Metrics of the whole installation, where this process is the one that tells them; else ''. */
  readonly installationMetrics: () => Promise<string>;
  readonly jobs: JobStore;
  readonly lists: JobLists;
  readonly batches: BatchStore;
  readonly batchReader: BatchReader;
  readonly batchWaiter: BatchWaiter;
  readonly usage: UsageBooks;
  readonly unknowns: UnknownAttempts;
  readonly accountBooks: AccountBooks;
  readonly accountState: (book: Book) => Promise<AccountState>;
  /** The routing classes in use. */
  readonly classes: () => Promise<RoutingClass[]>;
  readonly queues: Queues;
  readonly feed: Feed;
  readonly signals: Signals;
  readonly waiter: JobWaiter;
  readonly holds: Holds;
  readonly keys: KeyRing;
  readonly apiKeys: ApiKeyStore;
  readonly pepper: KeyPepper;
  readonly requestLimits: RequestLimits;
  readonly webhooks: WebhookStore;
  readonly deliveries: DeliveryStore;
  readonly events: EventStore;
  readonly webhookSecrets: WebhookSecrets;
  readonly storage: Storage;
  readonly thumbnails: Thumbnails;
  /** Files with their bytes, and their records alone. */
  readonly files: Files;
  readonly fileStore: FileStore;
  readonly outbound: Outbound;
  readonly accounts: readonly Account[];
  /** The same accounts: what is read through it is known of them from then on. */
  readonly live: LiveAccounts;
  /** What was found out about the accounts. */
  readonly profiles: Profiles;
  /** What decides between accounts that could serve a job. */
  readonly prefer: Preference;
  /** Resolves where Redis answers. */
  readonly pingRedis: () => Promise<void>;
  /** Folder for uploads on their way to the store. */
  readonly uploadDir: string;
  readonly uploads: LimitFunction;
  readonly settings: Settings;
  /** Aborted when the process is to end: held calls are answered at once. */
  readonly stopping: AbortSignal;
}

export interface Settings {
  /** Base of the links that are handed out; known once the port is. */
  publicUrl: string;
  /** CIDRs of proxies whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  /** Key of signed links. */
  readonly secret: string;
  /** The secret before, whose links still work. */
  readonly previousSecret: string | undefined;
  readonly syncWaitMs: number;
  readonly urlTtlSeconds: number;
}

/** Who asks. */
export interface Caller extends OrderLimits {
  readonly project: string;
  readonly keyId: string;
  readonly mode: Mode;
  readonly scopes: readonly Scope[];
}
