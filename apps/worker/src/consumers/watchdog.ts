import { connectRedis } from '@rendermill/shared/adapters/redis/connect';
import type { Logger } from '@rendermill/shared/observability/log';
import { Loop } from './loop.js';

/**
 * Ends a worker that wants work and permits, could have both, and takes none: a connection that died without a
 * word, or a fault in a library (BullMQ's workers have stood still for ever after an outage of Redis more than
 * once). An outage itself is waited out: a new process could do nothing either.
 */
export interface WatchdogOptions {
  /** When the dispatcher last took an entry or had a good reason not to, in milliseconds since the epoch. */
  readonly fedAt: () => number;
  /** How long it may starve. */
  readonly limitMs: number;
  readonly redisUrl: string;
  readonly log: Logger;
  /** Asked to end the process, once. */
  readonly onStarved: () => void;
}

export function watchdog({ fedAt, limitMs, redisUrl, log, onStarved }: WatchdogOptions): Loop {
  let barked = false;
  return new Loop('watchdog', log, Math.ceil(limitMs / 4), async () => {
    const starvedMs = Date.now() - fedAt();
    if (barked || starvedMs < limitMs || !(await answers(redisUrl))) return null;
    barked = true;
    log.fatal({ starved_ms: starvedMs }, 'worker.starved');
    onStarved();
    return null;
  });
}

/** True where a new connection works, whatever the old ones do. */
async function answers(url: string): Promise<boolean> {
  try {
    const client = await connectRedis({ url, manner: 'failFast', onError: () => undefined, withinMs: 2_000 });
    client.disconnect();
    return true;
  } catch {
    // Redis is away: that is told by the connections that wait for it.
    return false;
  }
}
