import type { ChildProcess } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makePrivate } from './data-dir.js';
import { obtainRedis, type RedisRuntime } from './redis-binary.js';
import { ping, type RedisAddress } from './redis-ping.js';
import { preparePlace, type RedisPlace } from './redis-place.js';
import { planRedis, type RedisPlan } from './redis-plan.js';
import { lastLines, sayOnStdout, type Say } from './say.js';
import { supervise } from './supervise.js';

export interface RedisOptions {
  /** Made when missing. One Redis at a time runs over it. */
  readonly dataDir: string;
  /** For finding and bringing a server; Redis itself gets none of it. Default: that of this process. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly say?: Say | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Default: what {@link obtainRedis} finds or brings. */
  readonly runtime?: RedisRuntime | undefined;
}

export interface EmbeddedRedis {
  /** For REDIS_URL; the same over restarts. */
  readonly url: string;
  /** For people: what runs and where its data lies. */
  readonly description: string;
  /** Of the present life. */
  readonly pid: number | undefined;
  readonly stop: () => Promise<void>;
}

// Redis syncs at every write, so there is little to do at its end.
const stopMs = 10_000;
// Not even a refused connection takes longer on a machine that is merely slow.
const silentMs = 30_000;

/** A private Redis over a data directory: started, watched, and started again when it dies. */
export async function startRedis(options: RedisOptions): Promise<EmbeddedRedis> {
  const { env, signal, say = sayOnStdout } = options;
  const dataDir = resolve(options.dataDir);
  makePrivate(dataDir);
  const runtime = options.runtime ?? (await obtainRedis({ dataDir, env, say, signal }));
  const place = await preparePlace(dataDir, say);
  try {
    return await keepRunning(await planRedis(runtime, place, env), place, say, signal);
  } catch (error) {
    place.leave();
    throw error;
  }
}

async function keepRunning(
  plan: RedisPlan,
  place: RedisPlace,
  say: Say,
  signal: AbortSignal | undefined,
): Promise<EmbeddedRedis> {
  await plan.clear();
  let words = '';
  const hear = (text: string) => {
    words = (words + text).slice(-8_000);
  };
  const spec = {
    name: 'Redis',
    spawn: () => {
      // Something may have tidied up the temporary directory since the last start.
      makePrivate(dirname(place.socket));
      words = '';
      const child = plan.launch();
      try {
        place.note(child.pid);
      } catch (error) {
        // A full disk. One that is not noted might be overlooked, and a second started over the same file.
        child.kill('SIGKILL');
        throw error;
      }
      for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', hear);
      return child;
    },
    ready: (_child: ChildProcess, ended: AbortSignal) => answers(plan.address, ended, say),
    tail: () => lastLines(complaints(words), 4),
    beforeRestart: plan.clear,
    // `appendfsync always` makes Redis exit on a full disk: it comes back as soon as there is room.
    restart: { baseMs: 50, maxMs: 5_000, stableMs: 1_000 },
    say,
  };
  const redis = await supervise(spec, signal);
  return {
    url: plan.url,
    description: `${plan.description}, every write synced; data in ${place.dir}`,
    get pid() {
      return redis.pid;
    },
    stop: async () => {
      await redis.stop(stopMs);
      await plan.clear();
      place.leave();
    },
  };
}

// Said at every start, with its advice on settings of the system.
const usual =
  /# (oO0|\S+ version=|Configuration loaded|Server initialized|WARNING|You requested maxclients|.*maximum open files)/;

/** What Redis marks as a warning, and what it says outside its log format. */
function complaints(words: string): string {
  const lines = words.split('\n').filter((line) => !/^\d+:\w .* [.*-] /.test(line) && !usual.test(line));
  return lines.join('\n');
}

/** Resolves when Redis serves. Loading may take as long as it takes; silence may not. */
async function answers(address: RedisAddress, ended: AbortSignal, say: Say): Promise<void> {
  let silentSince = Date.now();
  let told = Date.now();
  while (!ended.aborted) {
    const pong = await ping(address);
    if (pong === 'ready') return;
    if (pong === 'loading') {
      silentSince = Date.now();
      if (Date.now() - told > 3_000) {
        say('Redis is reading its append-only file …');
        told = Date.now();
      }
    } else if (Date.now() - silentSince > silentMs) {
      throw new Error(`does not answer: ${pong.trouble}`);
    }
    await sleep(10);
  }
}
