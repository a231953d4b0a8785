import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { Queues } from '@rendermill/shared/adapters/bullmq/queues';
import { Files } from '@rendermill/shared/adapters/files/files';
import { Outbound } from '@rendermill/shared/adapters/http/outbound';
import { ApiKeyStore } from '@rendermill/shared/adapters/redis/api-key-store';
import { AccountBooks } from '@rendermill/shared/adapters/redis/account-books';
import { accountState } from '@rendermill/shared/adapters/redis/account-state';
import { BatchReader } from '@rendermill/shared/adapters/redis/batch-reader';
import { BatchStore } from '@rendermill/shared/adapters/redis/batch-store';
import { routingClasses } from '@rendermill/shared/adapters/redis/classes';
import { connectRedis } from '@rendermill/shared/adapters/redis/connect';
import { DeliveryStore } from '@rendermill/shared/adapters/redis/delivery-store';
import { EventStore } from '@rendermill/shared/adapters/redis/event-store';
import { Feed } from '@rendermill/shared/adapters/redis/feed';
import { FileStore } from '@rendermill/shared/adapters/redis/file-store';
import { Installation } from '@rendermill/shared/adapters/redis/installation';
import { JobLists } from '@rendermill/shared/adapters/redis/job-lists';
import { JobStore } from '@rendermill/shared/adapters/redis/job-store';
import { holderLeaseMs, Liveness } from '@rendermill/shared/adapters/redis/liveness';
import { KeyPepper } from '@rendermill/shared/adapters/redis/key-pepper';
import { LiveAccounts } from '@rendermill/shared/adapters/redis/live-accounts';
import { Profiles } from '@rendermill/shared/adapters/redis/profiles';
import { RequestLimits } from '@rendermill/shared/adapters/redis/request-limits';
import { ScriptRunner } from '@rendermill/shared/adapters/redis/scripts';
import { Signals } from '@rendermill/shared/adapters/redis/signals';
import { UnknownAttempts } from '@rendermill/shared/adapters/redis/unknown-attempts';
import { UsageBooks } from '@rendermill/shared/adapters/redis/usage-books';
import { WebhookSecrets } from '@rendermill/shared/adapters/redis/webhook-secrets';
import { WebhookStore } from '@rendermill/shared/adapters/redis/webhook-store';
import { observed } from '@rendermill/shared/adapters/storage/observed';
import { openStorage } from '@rendermill/shared/adapters/storage/open-storage';
import type { Configuration } from '@rendermill/shared/config/accounts-file';
import type { ApiEnv } from '@rendermill/shared/config/env';
import { newId } from '@rendermill/shared/domain/ids';
import type { Lifecycle } from '@rendermill/shared/observability/lifecycle';
import type { Logger } from '@rendermill/shared/observability/log';
import { createApiMetrics } from '@rendermill/shared/observability/api-metrics';
import { BatchWaiter } from './batch-waiter.js';
import type { ApiDeps } from './deps.js';
import { endFiles } from './end-files.js';
import { createApp } from './http/app.js';
import { createHttpServer } from './http/server.js';
import { Holds } from './holds.js';
import { tellInstallation } from './installation.js';
import { JobWaiter } from './job-waiter.js';
import { KeyRing } from './key-ring.js';
import { keepListsShort } from './keep-lists-short.js';
import { Thumbnails } from './use-cases/thumbnails.js';
import { makeUploadFolder, sweepUploadFolders } from './upload-folders.js';

export interface Api {
  readonly url: string;
  readonly providers: readonly string[];
  /** Takes no more requests; held calls are answered so that their next try finds the same job. */
  readonly drain: () => Promise<void>;
}

/** Opens everything the API needs, top to bottom; `lifecycle` closes it in reverse. */
export async function buildApi(
  env: ApiEnv,
  configuration: Configuration,
  log: Logger,
  lifecycle: Lifecycle,
): Promise<Api> {
  const holder = newId('api');
  const onRedisError = (error: Error): void => log.warn({ error }, 'redis.error');
  const redis = await connectRedis({ url: env.REDIS_URL, manner: 'failFast', onError: onRedisError });
  lifecycle.onClose('redis', () => redis.disconnect());
  const subscriber = await connectRedis({ url: env.REDIS_URL, manner: 'patient', onError: onRedisError });
  lifecycle.onClose('subscriber', () => subscriber.disconnect());
  const scripts = new ScriptRunner(redis, env.REDIS_KEY_PREFIX);
  const liveness = new Liveness(scripts);
  await keepLease(liveness, holder, log, lifecycle);
  const metrics = createApiMetrics();
  const storage = observed(await openStorage(env), metrics);
  lifecycle.onClose('storage', () => storage.close());
  const queues = new Queues(redis, env.REDIS_KEY_PREFIX, onRedisError);
  lifecycle.onClose('queues', () => queues.close());
  const outbound = new Outbound({ allowNets: env.RENDERMILL_ALLOW_NETS, connectMs: 5_000 });
  lifecycle.onClose('outbound', () => outbound.close());
  const uploads = join(env.RENDERMILL_DATA_DIR, 'uploads');
  const uploadDir = await makeUploadFolder(uploads, holder);
  lifecycle.onClose('uploads', () => rm(uploadDir, { recursive: true, force: true }));
  const sweeping = new AbortController();
  lifecycle.onClose('sweeping', () => sweeping.abort());
  const isAlive = async (other: string): Promise<boolean> => liveness.holderAlive(other);
  void sweepUploadFolders({ root: uploads, isAlive, graceMs: holderLeaseMs, log, signal: sweeping.signal });

  const jobs = new JobStore(scripts, env.RETENTION_DAYS);
  const signals = new Signals(redis, subscriber, scripts.prefix);
  const waiter = new JobWaiter(jobs);
  await waiter.start(signals);
  const profiles = new Profiles(scripts);
  const live = new LiveAccounts(configuration.accounts, profiles);
  await followProfiles(live, signals, log, lifecycle);
  const batches = new BatchStore(scripts);
  const batchWaiter = new BatchWaiter(batches);
  await batchWaiter.start(signals);
  const holds = new Holds(jobs, log);
  lifecycle.onClose('holds', () => holds.close());
  const webhooks = new WebhookStore(scripts);
  const events = new EventStore(scripts);
  const sealing = { current: env.RENDERMILL_SECRET, previous: env.RENDERMILL_SECRET_PREVIOUS };
  const webhookSecrets = new WebhookSecrets(webhooks, sealing, env.RENDERMILL_WEBHOOK_SECRET);
  const pepper = new KeyPepper(scripts, sealing);
  await renewSeals(webhookSecrets, pepper, log);
  const fileStore = new FileStore(scripts);
  const files = new Files(fileStore, storage, (error, key) => log.warn({ error, key }, 'file.not_removed'));
  const ending = endFiles(files, log);
  lifecycle.onClose('files', () => ending.stop());
  const apiKeys = new ApiKeyStore(scripts);
  const requestLimits = new RequestLimits(scripts);
  const { RENDERMILL_ADMIN_KEY: adminKey, RENDERMILL_SECRET: secret } = env;
  const keys = new KeyRing({ store: apiKeys, limits: requestLimits, adminKey, pepper, log });
  await keys.follow(signals);
  const stopping = new AbortController();
  const settings = {
    publicUrl: env.RENDERMILL_PUBLIC_URL ?? '',
    trustedProxies: env.RENDERMILL_TRUSTED_PROXIES,
    secret,
    previousSecret: env.RENDERMILL_SECRET_PREVIOUS,
    syncWaitMs: env.SYNC_WAIT_MS,
    urlTtlSeconds: env.URL_TTL_SECONDS,
  };
  const deps: ApiDeps = {
    holder,
    log,
    metrics,
    installationMetrics: async () => tellInstallation(deps, new Installation(scripts)),
    jobs,
    lists: new JobLists(scripts),
    batches,
    batchReader: new BatchReader(scripts),
    batchWaiter,
    usage: new UsageBooks(scripts),
    unknowns: new UnknownAttempts(scripts),
    accountBooks: new AccountBooks(scripts),
    accountState: async (book) => accountState(scripts, book),
    classes: async () => routingClasses(scripts),
    queues,
    feed: new Feed(scripts),
    signals,
    waiter,
    holds,
    keys,
    apiKeys,
    pepper,
    requestLimits,
    webhooks,
    webhookSecrets,
    deliveries: new DeliveryStore(scripts, events, env.RETENTION_DAYS),
    events,
    storage,
    thumbnails: new Thumbnails(storage),
    files,
    fileStore,
    outbound,
    accounts: live.list,
    live,
    profiles,
    prefer: configuration.prefer,
    pingRedis: async () => {
      await redis.ping();
    },
    uploadDir,
    uploads: pLimit(8),
    settings,
    stopping: stopping.signal,
  };

  const lists = keepListsShort({ scripts, liveness, holder, retentionDays: env.RETENTION_DAYS, log });
  lifecycle.onClose('lists', () => lists.stop());

  const server = createHttpServer(createApp(deps));
  await listen(server, env.PORT, env.HOST);
  const { port } = server.address() as AddressInfo;
  const url = `http://${env.HOST.includes(':') ? `[${env.HOST}]` : env.HOST}:${port}`;
  if (settings.publicUrl === '') settings.publicUrl = url;

  const drain = async (): Promise<void> => {
    stopping.abort();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    const impatience = setTimeout(() => server.closeAllConnections(), 10_000);
    await closed;
    clearTimeout(impatience);
  };
  return { url, providers: configuration.accounts.map(({ id }) => id), drain };
}

/** Renews this process's lease until it is closed: without it the calls that it holds are anybody's. */
async function keepLease(liveness: Liveness, holder: string, log: Logger, lifecycle: Lifecycle): Promise<void> {
  await liveness.holderBeat(holder);
  const beat = setInterval(() => {
    liveness.holderBeat(holder).catch((error: unknown) => log.warn({ error }, 'holder.beat_failed'));
  }, holderLeaseMs / 4);
  lifecycle.onClose('holder', async () => {
    clearInterval(beat);
    await liveness.holderLeave(holder);
  });
}

/** After a change of RENDERMILL_SECRET what the one before sealed is sealed anew. */
async function renewSeals(secrets: WebhookSecrets, pepper: KeyPepper, log: Logger): Promise<void> {
  const help = 'sealed with another RENDERMILL_SECRET: set it as RENDERMILL_SECRET_PREVIOUS';
  let renewed = await secrets.renew((project, endpoint) =>
    log.error({ project, endpoint, message: help }, 'secret.unreadable'),
  );
  if (!(await pepper.read())) {
    const message = `no API key but the admin's works: what they are known by is ${help}`;
    log.error({ message }, 'api_keys.unreadable');
  } else if (await pepper.renew()) renewed++;
  if (renewed > 0) log.info({ renewed }, 'secrets.sealed_anew');
}

/** What workers find out about accounts reaches this process by a message, and what it missed in half a minute. */
async function followProfiles(live: LiveAccounts, signals: Signals, log: Logger, lifecycle: Lifecycle): Promise<void> {
  const onError = (error: unknown): void => log.warn({ error }, 'profile.not_read');
  await live.follow(signals, onError);
  await live.refresh();
  const look = setInterval(() => void live.refresh().catch(onError), 30_000);
  lifecycle.onClose('profiles', () => clearInterval(look));
}

async function listen(server: Server, port: number, host: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      reject(
        taken ? new Error(`port ${port} on ${host} is taken: choose another with PORT=…`, { cause: error }) : error,
      );
    });
    server.listen(port, host, resolve);
  });
}
