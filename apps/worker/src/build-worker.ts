import { setMaxListeners } from 'node:events';
import pLimit from 'p-limit';
import { Agent } from 'undici';
import { consume } from '@rendermill/shared/adapters/bullmq/consumer';
import { Queues } from '@rendermill/shared/adapters/bullmq/queues';
import { Outbound } from '@rendermill/shared/adapters/http/outbound';
import { accountState } from '@rendermill/shared/adapters/redis/account-state';
import { BatchLedger } from '@rendermill/shared/adapters/redis/batch-ledger';
import { BatchReader } from '@rendermill/shared/adapters/redis/batch-reader';
import { BatchStore } from '@rendermill/shared/adapters/redis/batch-store';
import { routingClasses } from '@rendermill/shared/adapters/redis/classes';
import { connectRedis } from '@rendermill/shared/adapters/redis/connect';
import { DeliveryStore } from '@rendermill/shared/adapters/redis/delivery-store';
import { EventStore } from '@rendermill/shared/adapters/redis/event-store';
import { FileStore } from '@rendermill/shared/adapters/redis/file-store';
import { Feed } from '@rendermill/shared/adapters/redis/feed';
import { JobStore } from '@rendermill/shared/adapters/redis/job-store';
import { Ledger } from '@rendermill/shared/adapters/redis/ledger';
import { LiveAccounts } from '@rendermill/shared/adapters/redis/live-accounts';
import { Liveness, renewEveryMs } from '@rendermill/shared/adapters/redis/liveness';
import { Permits, permitLeaseMs } from '@rendermill/shared/adapters/redis/permits';
import { PrepareLines } from '@rendermill/shared/adapters/redis/prepare-lines';
import { Profiles } from '@rendermill/shared/adapters/redis/profiles';
import { ScriptRunner } from '@rendermill/shared/adapters/redis/scripts';
import { Signals } from '@rendermill/shared/adapters/redis/signals';
import { WebhookSecrets } from '@rendermill/shared/adapters/redis/webhook-secrets';
import { WebhookStore } from '@rendermill/shared/adapters/redis/webhook-store';
import { Spool } from '@rendermill/shared/adapters/spool/spool';
import { observed } from '@rendermill/shared/adapters/storage/observed';
import { openStorage } from '@rendermill/shared/adapters/storage/open-storage';
import type { Configuration } from '@rendermill/shared/config/accounts-file';
import { afterCallMs } from '@rendermill/shared/config/drain';
import type { WorkerEnv } from '@rendermill/shared/config/env';
import { newId } from '@rendermill/shared/domain/ids';
import type { Lifecycle } from '@rendermill/shared/observability/lifecycle';
import type { Logger } from '@rendermill/shared/observability/log';
import { createWorkerMetrics, watchWorker } from '@rendermill/shared/observability/worker-metrics';
import {
  deliveryEntry,
  deliveryQueue,
  jobEntry,
  prepareQueue,
  slowDeliveryQueue,
} from '@rendermill/shared/queues/entries';
import { addresses } from './built-in-simulator.js';
import { BatchLeader } from './batches/leader.js';
import { Background } from './consumers/background.js';
import { PrepareConsumer, preparePlaces } from './consumers/consume-prepare.js';
import { Dispatcher } from './consumers/dispatch.js';
import { Lease } from './consumers/lease.js';
import { Loop } from './consumers/loop.js';
import { workOn } from './consumers/work-on.js';
import type { WorkerDeps } from './deps.js';
import { advanceProbes } from './use-cases/advance-probe.js';
import { deliverEvent } from './use-cases/deliver-event.js';
import { feedDeliveries } from './use-cases/feed-deliveries.js';
import { feedJobs } from './use-cases/feed-jobs.js';
import { restoreProfiles } from './use-cases/keep-profile.js';
import { Places } from './use-cases/places.js';
import { Sweeper } from './use-cases/sweep.js';
import { tidySpool } from './use-cases/tidy-spool.js';

export interface Worker {
  readonly id: string;
  readonly providers: readonly string[];
  readonly deps: WorkerDeps;
  /** Takes no more work, waits at most `graceMs` for what is in hand, and leaves. */
  readonly drain: (graceMs: number) => Promise<void>;
  /** Jobs in hand. */
  readonly running: () => number;
  /** See {@link Dispatcher.fedAt}. */
  readonly fedAt: () => number;
  /** How long a drain should be given: the longest call that may be in flight, and half a minute. */
  readonly longestCallMs: number;
}

/**
 * Opens everything a worker needs, top to bottom; `lifecycle` closes it in reverse. `onLapsed`: the others have given
 * this worker up; it must end.
 */
export async function buildWorker(
  env: WorkerEnv,
  configuration: Configuration,
  log: Logger,
  lifecycle: Lifecycle,
  onLapsed: () => void,
): Promise<Worker> {
  const id = newId('wrk');
  const onRedisError = (error: Error): void => log.warn({ error }, 'redis.error');
  const connect = async (): Promise<Awaited<ReturnType<typeof connectRedis>>> => {
    const client = await connectRedis({ url: env.REDIS_URL, manner: 'patient', onError: onRedisError });
    lifecycle.onClose('redis', () => client.disconnect());
    return client;
  };
  const redis = await connect();
  const subscriber = await connect();
  const scripts = new ScriptRunner(redis, env.REDIS_KEY_PREFIX);
  const metrics = createWorkerMetrics();
  const storage = observed(await openStorage(env), metrics);
  lifecycle.onClose('storage', () => storage.close());
  // The first beat comes before anything bears this worker's name: an owner without a lease is taken for dead.
  const liveness = new Liveness(scripts);
  const info = { started_at: Date.now(), concurrency: env.WORKER_CONCURRENCY };
  const lease = new Lease(onLapsed);
  let dead = await lease.beat(async () => liveness.heartbeat(id, info));
  const spool = await Spool.open(env.RENDERMILL_DATA_DIR, id, (error) => log.warn({ error }, 'journal.fault'));
  lifecycle.onClose('spool', () => spool.close());
  const queues = new Queues(redis, env.REDIS_KEY_PREFIX, onRedisError);
  lifecycle.onClose('queues', () => queues.close());
  const outbound = new Outbound({ allowNets: env.RENDERMILL_ALLOW_NETS, connectMs: 5_000 });
  lifecycle.onClose('outbound', () => outbound.close());
  const providers = new Agent({ connect: { timeout: 10_000 }, pipelining: 1, keepAliveTimeout: 4_000 });
  lifecycle.onClose('providers', () => providers.destroy());
  const profiles = new Profiles(scripts);
  const live = new LiveAccounts(configuration.accounts, profiles);
  const accounts = live.byId;
  const webhooks = new WebhookStore(scripts);
  const sealing = { current: env.RENDERMILL_SECRET, previous: env.RENDERMILL_SECRET_PREVIOUS };
  const secrets = new WebhookSecrets(webhooks, sealing, env.RENDERMILL_WEBHOOK_SECRET);
  const interruption = new AbortController();
  // Every job that waits listens; Node warns of more than ten, in the midst of the log.
  setMaxListeners(0, interruption.signal);

  const deps: WorkerDeps = {
    worker: id,
    log,
    metrics,
    ledger: new Ledger(scripts, env.RETENTION_DAYS),
    jobs: new JobStore(scripts, env.RETENTION_DAYS),
    batches: new BatchLedger(scripts, id, env.RETENTION_DAYS),
    batchStore: new BatchStore(scripts),
    batchReader: new BatchReader(scripts),
    files: new FileStore(scripts),
    permits: new Permits(scripts),
    accountState: async (book) => accountState(scripts, book),
    liveness,
    feed: new Feed(scripts),
    queues,
    signals: new Signals(redis, subscriber, scripts.prefix),
    deliveries: new DeliveryStore(scripts, new EventStore(scripts), env.RETENTION_DAYS),
    storage,
    spool,
    outbound,
    providers,
    accounts,
    live,
    profiles,
    prefer: configuration.prefer,
    addressOf: addresses(lifecycle),
    maxPaidAttempts: env.MAX_PAID_ATTEMPTS,
    secret: env.RENDERMILL_SECRET,
    lease,
    background: new Background(log),
    uploads: pLimit(8),
    downloads: new Places(16, 8),
    inputFetches: new Places(32, 8, 6),
    prepareLines: new PrepareLines(scripts),
    inHand: new Set(),
    workOn: async (job, work) => workOn(deps, job, work),
    random: Math.random,
    interrupted: interruption.signal,
  };

  const dispatcher = new Dispatcher(deps, {
    connection: redis,
    keyPrefix: env.REDIS_KEY_PREFIX,
    concurrency: env.WORKER_CONCURRENCY,
    classes: async () => routingClasses(scripts),
  });
  const consumer = { connection: redis, keyPrefix: env.REDIS_KEY_PREFIX, onError: onRedisError };
  const preparing = new PrepareConsumer(deps);
  const prepare = consume({
    ...consumer,
    queue: prepareQueue,
    concurrency: preparePlaces,
    handle: async (data) => preparing.take(jobEntry.parse(data)),
  });
  // They wait for others' answers: those that are known to be slow take places of their own.
  const deliveries = [deliveryQueue, slowDeliveryQueue].map((queue) =>
    consume({
      ...consumer,
      queue,
      concurrency: 400,
      handle: async (data) =>
        deliverEvent(
          deps,
          {
            schedule: configuration.webhookSchedule,
            disableAfterMs: configuration.webhookDisableAfterMs,
            urlTtlSeconds: env.URL_TTL_SECONDS,
            secrets: async (project, endpoint) => secrets.forEndpoint(project, endpoint),
          },
          deliveryEntry.parse(data),
        ),
    }),
  );

  const sweeper = new Sweeper(deps);
  const sweeps = new Loop('sweep', log, 2_000, async () => {
    await sweeper.mourn(dead);
    await sweeper.expire();
    return null;
  });
  const beat = async (): Promise<null> => {
    dead = await lease.beat(async () => liveness.heartbeat(id, info));
    if (dead.length > 0) sweeps.wake();
    return null;
  };
  const heartbeats = new Loop('heartbeat', log, renewEveryMs, beat);
  const renewals = new Loop('permits', log, permitLeaseMs / 3, async () =>
    deps.permits.renew(dispatcher.permits).then(() => null),
  );
  const leader = new BatchLeader(deps);
  const audits = new Loop('audit', log, 30_000, async () => {
    await sweeper.pickUpDropped();
    await sweeper.findLostEntries();
    await tidySpool(deps);
    await leader.audit();
    return null;
  });
  const jobFeed = new Loop('feed', log, 1_000, async () => feedJobs(deps));
  const outbox = new Loop('outbox', log, 1_000, async () => feedDeliveries(deps));
  const probes = new Loop('probes', log, 5_000, async () => advanceProbes(deps).then(() => null));
  // First of all: nobody is asked for what is known not to be taken.
  await live.refresh();
  const refreshes = new Loop('profiles', log, 30_000, async () => restoreProfiles(deps).then(() => null));
  const batches = new Loop('batches', log, 1_000, async () => leader.step());
  const loops = [heartbeats, renewals, sweeps, audits, jobFeed, outbox, batches, probes, refreshes];
  for (const loop of loops) loop.start();
  await live.follow(deps.signals, (error) => log.warn({ error }, 'profile.not_read'));

  await deps.signals.listen('wake', (what) => {
    if (what === 'outbox') outbox.wake();
    else if (what === 'due') jobFeed.wake();
    else if (what === 'probe') probes.wake();
    else if (what === 'batches') {
      if (leader.leads) batches.wake();
    } else dispatcher.notify(what);
  });
  dispatcher.start();

  watchWorker(metrics, {
    running: () => dispatcher.running,
    concurrency: env.WORKER_CONCURRENCY,
    leads: () => leader.leads,
    spooled: async () => spool.bytes(),
    free: async () => spool.free(),
  });

  const drain = async (graceMs: number): Promise<void> => {
    const timer = setTimeout(() => interruption.abort(), graceMs);
    log.info({ jobs: dispatcher.running, grace_ms: graceMs }, 'worker.draining');
    await Promise.race([
      Promise.all([
        batches.stop().then(async () => leader.stop()),
        dispatcher.stop(),
        prepare.close(),
        deps.background.idle(),
      ]),
      // What waits for the store or a link gives up at once; a paid call that still runs is left to its fate.
      new Promise<void>((resolve) => {
        interruption.signal.addEventListener('abort', () => setTimeout(resolve, 2_000), { once: true });
      }),
    ]);
    clearTimeout(timer);
    await Promise.all(deliveries.map(async (one) => one.close()));
    await Promise.all(loops.map(async (loop) => loop.stop()));
    await dispatcher.close();
    await deps.liveness.leave(id);
    log.info({ left: dispatcher.running }, 'worker.drained');
  };

  return {
    id,
    providers: [...accounts.keys()],
    deps,
    drain,
    running: () => dispatcher.running,
    fedAt: () => dispatcher.fedAt,
    longestCallMs: Math.max(...[...accounts.values()].map(({ timeoutMs }) => timeoutMs)) + afterCallMs,
  };
}
