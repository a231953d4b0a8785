import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { redisOptions } from '@rendermill/shared/adapters/redis/connect';
import { openStorage } from '@rendermill/shared/adapters/storage/open-storage';
import { loadConfiguration } from '@rendermill/shared/config/accounts-file';
import { parseApiEnv, parseWorkerEnv } from '@rendermill/shared/config/env';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import { Lifecycle } from '@rendermill/shared/observability/lifecycle';
import { createLogger } from '@rendermill/shared/observability/log';
import type { Storage } from '@rendermill/shared/ports/storage';
import { buildApi, type Api } from '../apps/api/src/build-api.js';
import { buildWorker, type Worker } from '../apps/worker/src/build-worker.js';
import { startReceiver, type Receiver } from './receiver.js';
import { startSimulatorProcess, type SimulatorProcess } from './simulator.js';

/**
 * One test file's own Rendermill: real Redis under its own key prefix, real storage under its own folder or bucket
 * prefix, the provider simulator and a webhook receiver in processes or servers of their own; log lines are kept.
 */
export interface WorldOptions {
  readonly simulator?: readonly string[];
  /** Fields of the provider account `sim` beside id, preset, address and key. */
  readonly account?: Readonly<Record<string, unknown>>;
  /** Accounts beside `sim`, by id: fields as above. Each has a simulator of its own. */
  readonly others?: Readonly<Record<string, Record<string, unknown>>>;
  /** Command lines of their simulators, by id. */
  readonly otherSimulators?: Readonly<Record<string, readonly string[]>>;
  /** More of the configuration file. */
  readonly config?: Record<string, unknown>;
  readonly env?: Record<string, string>;
  /** Without a worker jobs stay queued. */
  readonly worker?: boolean;
  readonly storageUrl?: string;
}

export interface LogLine {
  readonly level: string;
  readonly app: string;
  readonly event: string;
  readonly [field: string]: unknown;
}

export interface Answer<T = unknown> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

export const adminKey = 'rm_live_test-key-0123456789abcdef';

export interface World {
  readonly url: string;
  readonly key: string;
  readonly env: NodeJS.ProcessEnv;
  readonly dir: string;
  /** The provider behind the account `sim`. */
  readonly simulator: SimulatorProcess;
  /** Those behind the others, by account id. */
  readonly others: Readonly<Record<string, SimulatorProcess>>;
  readonly receiver: Receiver;
  readonly storage: Storage;
  readonly redis: Redis;
  /** `{prefix}:` of every key of this world. */
  readonly prefix: string;
  readonly logs: LogLine[];
  readonly api: Api;
  readonly worker: Worker | null;
  /** A request with the key; JSON is parsed. */
  readonly call: <T = Record<string, never>>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) => Promise<Answer<T>>;
  readonly submit: (body: Record<string, unknown>, headers?: Record<string, string>) => Promise<PresentedJob>;
  /** The job once it has ended. */
  readonly ended: (id: string) => Promise<PresentedJob>;
  readonly startWorker: () => Promise<Worker>;
  readonly close: () => Promise<void>;
}

export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const dir = await mkdtemp(join(tmpdir(), 'rm-world-'));
  const name = `t-${randomBytes(6).toString('hex')}`;
  const simulator = await startSimulatorProcess(options.simulator);
  const others = Object.fromEntries(
    await Promise.all(
      Object.keys(options.others ?? {}).map(
        async (id) => [id, await startSimulatorProcess(options.otherSimulators?.[id])] as const,
      ),
    ),
  );
  const receiver = await startReceiver();
  const config = join(dir, 'config.json');
  const account = { preset: 'openai', api_key: '${TEST_PROVIDER_KEY}' };
  await writeFile(
    config,
    JSON.stringify({
      providers: [
        { ...account, id: 'sim', base_url: simulator.url, ...options.account },
        ...Object.entries(others).map(([id, { url }]) => ({ ...account, id, base_url: url, ...options.others?.[id] })),
      ],
      ...options.config,
    }),
  );
  const env: NodeJS.ProcessEnv = {
    REDIS_URL: process.env['TEST_REDIS_URL'],
    REDIS_KEY_PREFIX: name,
    STORAGE_URL: options.storageUrl ?? `file://${dir}/store`,
    RENDERMILL_DATA_DIR: join(dir, 'data'),
    RENDERMILL_ADMIN_KEY: adminKey,
    RENDERMILL_SECRET: 'test-secret-0123456789',
    RENDERMILL_CONFIG: config,
    TEST_PROVIDER_KEY: 'sk-test-0000',
    RENDERMILL_ALLOW_NETS: '127.0.0.0/8',
    LOG_LEVEL: 'debug',
    PORT: '0',
    ...options.env,
  };

  const logs: LogLine[] = [];
  const sink = { write: (line: string): void => void logs.push(JSON.parse(line) as LogLine) };
  const lifecycle = new Lifecycle();
  const log = createLogger('debug', 'api', sink);
  const configuration = loadConfiguration(env);
  const api = await buildApi(parseApiEnv(env), configuration, log, lifecycle);
  const workers: Worker[] = [];
  const workerLifecycle = new Lifecycle();
  const startWorker = async (): Promise<Worker> => {
    const worker = await buildWorker(
      parseWorkerEnv(env),
      configuration,
      createLogger('debug', 'worker', sink),
      workerLifecycle,
      () => undefined,
    );
    workers.push(worker);
    return worker;
  };
  const worker = options.worker === false ? null : await startWorker();
  // Not by the way that a test may cut.
  const redis = new Redis(redisOptions(process.env['TEST_REDIS_URL'] ?? ''));
  const storage = await openStorage(parseWorkerEnv(env));

  const call: World['call'] = async (method, path, body, headers = {}) => {
    const json =
      body !== undefined && !(body instanceof FormData) && typeof body !== 'string' && !(body instanceof Uint8Array);
    const response = await fetch(api.url + path, {
      method,
      redirect: 'manual',
      headers: {
        authorization: `Bearer ${adminKey}`,
        ...(json ? { 'content-type': 'application/json' } : {}),
        ...headers,
      },
      ...(body === undefined ? {} : { body: json ? JSON.stringify(body) : (body as string) }),
    });
    const text = await response.text();
    const isJson = /[/+]json\b/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, body: (isJson ? JSON.parse(text) : text) as never };
  };

  const ended = async (id: string): Promise<PresentedJob> => {
    for (;;) {
      const { body } = await call<PresentedJob>('GET', `/v1/jobs/${id}?wait=20`);
      if (body.status !== 'queued' && body.status !== 'in_progress') return body;
    }
  };

  return {
    url: api.url,
    key: adminKey,
    env,
    dir,
    simulator,
    others,
    receiver,
    storage,
    redis,
    prefix: `{${name}}:`,
    logs,
    api,
    worker,
    call,
    submit: async (body, headers) => {
      const answer = await call<PresentedJob>(
        'POST',
        '/v1/jobs',
        { type: 'generation', prompt: 'a red mug', model: 'gpt-image-1', ...body },
        headers,
      );
      if (answer.status !== 202) throw new Error(`POST /v1/jobs: ${answer.status} ${JSON.stringify(answer.body)}`);
      return answer.body;
    },
    ended,
    startWorker,
    close: async () => {
      // Calls that a test left hanging would hold the drain.
      await Promise.all([simulator, ...Object.values(others)].map(async (one) => one.close()));
      await Promise.all(workers.map(async (one) => one.drain(5_000)));
      await workerLifecycle.close(log);
      await api.drain();
      await lifecycle.close(log);
      await receiver.close();
      await storage.close();
      await forget(redis, name);
      redis.disconnect();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function forget(redis: Redis, name: string): Promise<void> {
  for await (const keys of redis.scanStream({ match: `{${name}}:*`, count: 1_000 })) {
    if ((keys as string[]).length > 0) await redis.unlink(...(keys as string[]));
  }
}
