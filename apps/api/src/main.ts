import { loadConfiguration } from '@rendermill/shared/config/accounts-file';
import { ConfigError, parseApiEnv, safeSummary } from '@rendermill/shared/config/env';
import { Lifecycle, stopOnSignals } from '@rendermill/shared/observability/lifecycle';
import { createLogger } from '@rendermill/shared/observability/log';
import { startTracing } from '@rendermill/shared/observability/start-tracing';
import { buildApi } from './build-api.js';

/** The API process: `npm run start:api`. */
async function main(): Promise<void> {
  const env = parseApiEnv(process.env);
  const configuration = loadConfiguration(process.env);
  const log = createLogger(env.LOG_LEVEL, 'api');
  const lifecycle = new Lifecycle();
  await startTracing(env, 'api', lifecycle);
  const api = await buildApi(env, configuration, log, lifecycle);
  stopOnSignals(async (why) => {
    log.info({ why }, 'api.stopping');
    await api.drain();
    await lifecycle.close(log);
  }, log);
  log.info({ url: api.url, providers: api.providers, ...safeSummary(env) }, 'api.started');
  process.send?.({ ready: true, url: api.url, providers: api.providers });
}

main().catch((error: unknown) => {
  const message =
    error instanceof ConfigError
      ? error.message
      : `The API cannot start: ${error instanceof Error ? error.message : String(error)}`;
  process.stderr.write(`${message}\n`);
  process.exit(1);
});
