import { startChild, type Child, type ChildName, type ChildSpec } from './children.js';
import { openDataDir } from './data-dir.js';
import { messageOf } from './faults.js';
import { assertPortFree } from './port.js';
import { startRedis } from './redis-process.js';
import type { Say } from './say.js';
import { chooseServices } from './services.js';

export interface StackOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly dataDir: string;
  /** For lines of the launcher. */
  readonly log: Say;
  /** For the log lines of API and worker; default: dropped. */
  readonly childLog?: (line: string, from: ChildName) => void;
  /** Interrupts the start, and undoes what was started. */
  readonly signal?: AbortSignal;
  /** Programs other than the apps' own. */
  readonly programs?: Readonly<Record<ChildName, string>>;
}

/** API, worker and what they run on. */
export interface Stack {
  /** Where the API listens. */
  readonly url: string;
  readonly adminKey: string;
  /** Signs deliveries of project `default`; undefined where REDIS_URL is given and it is not: the API knows it. */
  readonly webhookSecret: string | undefined;
  /** Ids of the provider accounts; `simulator` alone where there is no provider key. */
  readonly providers: readonly string[];
  /** What is used and where data lies, one line each, without secrets. */
  readonly describe: readonly string[];
  /** API first, then the worker (which drains), then Redis. */
  readonly stop: () => Promise<void>;
  /** Ends a drain: paid calls in flight are left to the next start's recovery. `stop()` then ends soon. */
  readonly kill: () => void;
}

// The API answers what it holds with 503 and closes; nothing paid hangs on it.
const apiStopMs = 30_000;
// Beyond the worker's own limit, which it tells; without one, beyond the slowest provider's time-out.
const workerMarginMs = 15_000;
const workerStopMs = 900_000;
const waitingEveryMs = 5_000;
// An API that lost its launcher closes as fast as one that was asked to.
const orphanMs = 10_000;

/** Starts everything, or undoes what was started and throws a message for people. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { env, log, signal } = options;
  const closers: (() => Promise<void> | void)[] = [];
  let closing: Promise<void> | undefined;
  const close = () => (closing ??= closeAll(closers));
  try {
    const dir = await openDataDir(options.dataDir);
    closers.push(dir.release);
    const services = chooseServices(env, dir.path, dir.secrets);
    const { HOST, PORT, REDIS_URL, RENDERMILL_ADMIN_KEY, RENDERMILL_WEBHOOK_SECRET } = services.api;
    if (PORT !== 0) await assertPortFree(HOST, PORT, dir.afterKill ? orphanMs : 0);
    const redis = services.embedsRedis ? await startRedis({ dataDir: dir.path, env, say: log, signal }) : null;
    if (redis !== null) closers.push(redis.stop);

    const common = {
      env: services.childEnv(redis?.url ?? REDIS_URL),
      say: log,
      log: options.childLog ?? (() => undefined),
    };
    const [worker, api] = await startTogether(
      (['worker', 'api'] as const).map((name) => ({ ...common, name, program: options.programs?.[name] })),
      signal,
      (child, name) =>
        closers.push(name === 'api' ? () => child.stop(apiStopMs) : () => drain(child, services.shutdownGraceMs, log)),
    );
    const { url } = api?.ready ?? {};
    if (url === undefined || worker === undefined) throw new Error('The API did not say where it listens.');
    return {
      url,
      adminKey: RENDERMILL_ADMIN_KEY,
      webhookSecret: RENDERMILL_WEBHOOK_SECRET,
      providers: worker.ready.providers ?? api?.ready.providers ?? [],
      describe: [redis?.description ?? services.redis, services.storage],
      stop: close,
      kill: () => {
        api?.kill();
        worker.kill();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Side by side, for each takes a second or so; when one fails, the other is not waited for. */
async function startTogether(
  specs: readonly ChildSpec[],
  signal: AbortSignal | undefined,
  started: (child: Child, name: ChildName) => void,
): Promise<Child[]> {
  const halt = new AbortController();
  const either = signal === undefined ? halt.signal : AbortSignal.any([signal, halt.signal]);
  const starting = specs.map(async (spec) => {
    try {
      return await startChild({ ...spec, signal: either });
    } catch (error) {
      halt.abort(error);
      throw error;
    }
  });
  const results = await Promise.allSettled(starting);
  const children: Child[] = [];
  for (const [index, result] of results.entries()) {
    const name = specs[index]?.name;
    if (result.status !== 'fulfilled' || name === undefined) continue;
    children.push(result.value);
    started(result.value, name);
  }
  // The reason is the failure that came first.
  either.throwIfAborted();
  return children;
}

/** In reverse, and to the end: a worker that cannot be ended is no reason to leave Redis running. */
async function closeAll(closers: (() => Promise<void> | void)[]): Promise<void> {
  const faults: unknown[] = [];
  for (let closer = closers.pop(); closer !== undefined; closer = closers.pop()) {
    try {
      await closer();
    } catch (error) {
      faults.push(error);
    }
  }
  if (faults.length > 0)
    throw new AggregateError(faults, `Not all could be stopped: ${faults.map(messageOf).join('; ')}`);
}

async function drain(worker: Child, configuredMs: number | undefined, log: Say): Promise<void> {
  let told = 0;
  worker.onWaiting((calls) => {
    if (calls === 0 || Date.now() - told < waitingEveryMs) return;
    told = Date.now();
    log(
      `Waiting for ${calls} ${calls === 1 ? 'call' : 'calls'} in flight; they are paid for. Ctrl-C again to give them up.`,
    );
  });
  const grace = worker.ready.shutdownGraceMs ?? configuredMs;
  await worker.stop(grace === undefined ? workerStopMs : grace + workerMarginMs);
}
