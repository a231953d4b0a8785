import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseApiEnv, parseWorkerEnv, type ApiEnv } from '@rendermill/shared/config/env';
import type { Secrets } from './secrets.js';

/** What an installation runs on: what the environment names, else what is embedded. */
export interface Services {
  /** True where the launcher is to start a private Redis. */
  readonly embedsRedis: boolean;
  /** The API's own reading of the environment. */
  readonly api: ApiEnv;
  /** The worker's limit to its drain, where the environment sets it. */
  readonly shutdownGraceMs: number | undefined;
  /** The environment of API and worker. */
  readonly childEnv: (redisUrl: string) => NodeJS.ProcessEnv;
  /** One line each for people, without secrets. */
  readonly redis: string;
  readonly storage: string;
}

// Stands in for the address of a Redis that is not started before the rest of the configuration is known to be good.
const pending = 'unix:pending';

/**
 * Reads the environment as API and worker will, so that every fault is told before anything is started. Secrets are
 * generated for an embedded Redis alone: beside a Redis of one's own there may be other processes and machines, and
 * all of them need the same.
 */
export function chooseServices(env: NodeJS.ProcessEnv, dataDir: string, secrets: () => Secrets): Services {
  // An empty value is an unset one, here as in the schema.
  const redisUrl = env['REDIS_URL'] || null;
  const directory = join(dataDir, 'storage');
  const storageUrl = env['STORAGE_URL'] || pathToFileURL(directory).href;
  const generated = redisUrl === null ? secretsEnv(env, secrets) : {};
  const childEnv = (url: string): NodeJS.ProcessEnv => ({
    ...env,
    ...generated,
    REDIS_URL: url,
    STORAGE_URL: storageUrl,
    RENDERMILL_DATA_DIR: dataDir,
  });
  const complete = childEnv(redisUrl ?? pending);
  const api = parseApiEnv(complete);
  const { SHUTDOWN_GRACE_MS } = parseWorkerEnv(complete);
  return {
    embedsRedis: redisUrl === null,
    api,
    shutdownGraceMs: SHUTDOWN_GRACE_MS,
    childEnv,
    redis: redisUrl === null ? 'a private Redis' : `Redis at ${withoutSecrets(redisUrl)} (REDIS_URL)`,
    storage: env['STORAGE_URL'] ? `storage at ${withoutSecrets(storageUrl)} (STORAGE_URL)` : `storage in ${directory}`,
  };
}

/** What is generated where the environment does not give it. */
function secretsEnv(env: NodeJS.ProcessEnv, secrets: () => Secrets): NodeJS.ProcessEnv {
  const { adminKey, secret, webhookSecret } = secrets();
  return {
    RENDERMILL_ADMIN_KEY: env['RENDERMILL_ADMIN_KEY'] || adminKey,
    RENDERMILL_SECRET: env['RENDERMILL_SECRET'] || secret,
    RENDERMILL_WEBHOOK_SECRET: env['RENDERMILL_WEBHOOK_SECRET'] || webhookSecret,
  };
}

/**
 * An address without user, password and query. Passwords are often given with `/` and `@` unescaped, and addresses
 * of Sentinel name several hosts, so this cuts generously and does not parse.
 */
export function withoutSecrets(url: string): string {
  if (url.startsWith('file:') || url.startsWith('unix:')) return url.replace(/\?.*$/s, '');
  return url.replace(/^([a-z0-9+]+:\/\/)(?:.*@)?([^?#]*).*$/is, '$1$2');
}
