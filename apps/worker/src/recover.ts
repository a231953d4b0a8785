import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { connectRedis } from '@rendermill/shared/adapters/redis/connect';
import { FileStore } from '@rendermill/shared/adapters/redis/file-store';
import { Liveness } from '@rendermill/shared/adapters/redis/liveness';
import { RecoveryStore } from '@rendermill/shared/adapters/redis/recovery-store';
import { ScriptRunner } from '@rendermill/shared/adapters/redis/scripts';
import { spoolRoot } from '@rendermill/shared/adapters/spool/spool';
import { openStorage } from '@rendermill/shared/adapters/storage/open-storage';
import { loadConfiguration } from '@rendermill/shared/config/accounts-file';
import { ConfigError, parseWorkerEnv } from '@rendermill/shared/config/env';
import type { FileRecord } from '@rendermill/shared/domain/files';
import { createLogger } from '@rendermill/shared/observability/log';
import type { Storage } from '@rendermill/shared/ports/storage';
import type { RecoveryDeps } from './recovery/deps.js';
import { recover, RecoveryRefused } from './recovery/recover.js';
import { textOf } from './recovery/summary.js';

/** `rendermill recover`, with the environment of a worker: docs/recover.md. */
const usage = `Rebuilds jobs, batches and files in an empty Redis from the bucket and the workers' journals.

  rendermill recover [SPOOL …]

  SPOOL          another machine's spool folder, or a copy of it
  --dry-run      says what would be rebuilt, and writes nothing
  --merge        adds what is missing to a Redis that has jobs or batches already
  --json         the summary as JSON on stdout

It reads the environment of a worker. Stop all workers first; the API may run.`;

interface Options {
  readonly dryRun: boolean;
  readonly merge: boolean;
  readonly json: boolean;
  readonly spools: readonly string[];
}

function optionsOf(args: string[]): Options | 'help' {
  const flag = { type: 'boolean' } as const;
  const { values, positionals } = parseArgs({
    args,
    options: {
      'dry-run': flag,
      merge: flag,
      json: flag,
      help: { type: 'boolean', short: 'h' },
    },
    allowPositionals: true,
  });
  if (values.help) return 'help';
  const { 'dry-run': dryRun = false, merge = false, json = false } = values;
  return { dryRun, merge, json, spools: positionals.map((path) => resolve(path)) };
}

async function main({ dryRun, merge, json, spools }: Options): Promise<number> {
  const env = parseWorkerEnv(process.env);
  const configuration = loadConfiguration(process.env);
  const log = createLogger(env.LOG_LEVEL === 'info' ? 'warn' : env.LOG_LEVEL, 'worker', process.stderr);
  const redis = await connectRedis({
    url: env.REDIS_URL,
    manner: 'patient',
    onError: (error) => log.warn({ error }, 'redis.error'),
  });
  const storage = await openStorage(env);
  try {
    const scripts = new ScriptRunner(redis, env.REDIS_KEY_PREFIX);
    const deps: RecoveryDeps = {
      accounts: new Map(configuration.accounts.map((account) => [account.id, account])),
      prefer: configuration.prefer,
      log,
      random: Math.random,
      interrupted: new AbortController().signal,
      liveness: new Liveness(scripts),
      store: new RecoveryStore(scripts, env.RETENTION_DAYS),
      storage: within(storage, dryRun),
      files: filesIn(new FileStore(scripts), dryRun),
      spools: [...new Set([resolve(spoolRoot(env.RENDERMILL_DATA_DIR)), ...spools])],
      dryRun,
      merge,
      say: (line) => process.stderr.write(`${line}\n`),
    };
    const summary = await recover(deps);
    process.stdout.write(`${json ? JSON.stringify(summary, null, 2) : textOf(summary)}\n`);
    return summary.faults.length > 0 ? 1 : 0;
  } finally {
    await storage.close();
    redis.disconnect();
  }
}

function within(storage: Storage, dryRun: boolean): RecoveryDeps['storage'] {
  return {
    get: async (key, range) => storage.get(key, range),
    head: async (key) => storage.head(key),
    list: (prefix) => storage.list(prefix),
    put: async (key, body, contentType) => {
      if (!dryRun) await storage.put(key, body, contentType);
    },
  };
}

/** Of a dry run what would be written is known to it alone: lines name files. */
function filesIn(store: FileStore, dryRun: boolean): RecoveryDeps['files'] {
  const seen = new Map<string, FileRecord>();
  return {
    get: async (project, id) => seen.get(`${project}/${id}`) ?? (await store.get(project, id)),
    save: async (file) => {
      if (dryRun) seen.set(`${file.project}/${file.id}`, file);
      else await store.save(file, { key: '', fingerprint: '' });
    },
  };
}

/** 0: done. 1: some of it could not be rebuilt. 2: refused, or asked for wrongly: nothing was changed. */
async function run(): Promise<number> {
  try {
    const options = optionsOf(process.argv.slice(2));
    if (options !== 'help') return await main(options);
    process.stdout.write(`${usage}\n`);
    return 0;
  } catch (error) {
    const wrongly = error instanceof TypeError && 'code' in error;
    if (!wrongly && !(error instanceof RecoveryRefused) && !(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}${wrongly ? `\n\n${usage}` : ''}\n`);
    return 2;
  }
}

process.exitCode = await run();
