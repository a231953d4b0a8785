import { loadConfiguration } from '@rendermill/shared/config/accounts-file';
import { closingMs } from '@rendermill/shared/config/drain';
import { ConfigError, parseWorkerEnv, safeSummary } from '@rendermill/shared/config/env';
import { Lifecycle, stopOnSignals } from '@rendermill/shared/observability/lifecycle';
import { createLogger } from '@rendermill/shared/observability/log';
import { startTracing } from '@rendermill/shared/observability/start-tracing';
import { buildWorker } from './build-worker.js';
import { watchdog } from './consumers/watchdog.js';
import { serveMetrics } from './metrics-server.js';

const starvedMs = 60_000;

/** The worker process: `npm run start:worker`. */
async function main(): Promise<void> {
  const env = parseWorkerEnv(process.env);
  const configuration = loadConfiguration(process.env);
  const log = createLogger(env.LOG_LEVEL, 'worker');
  const lifecycle = new Lifecycle();
  await startTracing(env, 'worker', lifecycle);
  let end: (why: string) => void = () => process.exit(1);
  const worker = await buildWorker(env, configuration, log, lifecycle, () => {
    log.fatal('worker.lapsed');
    end('lapsed');
  });
  const shutdownGraceMs = env.SHUTDOWN_GRACE_MS ?? worker.longestCallMs;
  end = stopOnSignals(async (why) => {
    log.info({ why }, 'worker.stopping');
    // The grace is for paid calls; a connection that died without a word must not add to it.
    setTimeout(() => process.exit(1), shutdownGraceMs + closingMs).unref();
    const telling = setInterval(() => tellParent({ waiting: worker.running() }), 1_000);
    await worker.drain(shutdownGraceMs);
    clearInterval(telling);
    await lifecycle.close(log);
  }, log);
  watchdog({
    fedAt: worker.fedAt,
    limitMs: starvedMs,
    redisUrl: env.REDIS_URL,
    log,
    onStarved: () => end('starved'),
  }).start();
  const metricsPort =
    env.WORKER_METRICS_PORT === undefined
      ? null
      : await serveMetrics(
          { host: env.WORKER_METRICS_HOST, port: env.WORKER_METRICS_PORT },
          worker.deps.metrics,
          log,
          lifecycle,
        );
  log.info(
    { worker: worker.id, providers: worker.providers, metrics_port: metricsPort, ...safeSummary(env) },
    'worker.started',
  );
  tellParent({ ready: true, providers: worker.providers, shutdownGraceMs });
}

/** A launcher that started this process is told how it does; without one nobody is. */
function tellParent(message: object): void {
  if (process.connected) process.send?.(message);
}

main().catch((error: unknown) => {
  const message =
    error instanceof ConfigError
      ? error.message
      : `The worker cannot start: ${error instanceof Error ? error.message : String(error)}`;
  process.stderr.write(`${message}\n`);
  process.exit(1);
});
