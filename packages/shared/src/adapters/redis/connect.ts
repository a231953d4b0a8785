import { Redis, type RedisOptions } from 'ioredis';

/**
 * Two kinds of client. `patient`: for workers, commands wait out a restart of Redis. `failFast`: for the API,
 * which would rather answer 503 than hold a request; a command that is not answered in two seconds fails.
 */
export type RedisManner = 'patient' | 'failFast';

const manners: Record<RedisManner, RedisOptions> = {
  patient: { maxRetriesPerRequest: null, enableOfflineQueue: true },
  failFast: { maxRetriesPerRequest: 1, enableOfflineQueue: false, commandTimeout: 2_000 },
};

const common: RedisOptions = {
  connectTimeout: 5_000,
  keepAlive: 10_000,
  // Fast at first, for a restart; never slower than two seconds, so that a return is noticed.
  retryStrategy: (times) => Math.min(2_000, 50 * 2 ** Math.min(times, 6)),
  // After a failover the old primary answers READONLY: reconnect, find the new one, and send the command again.
  reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
  lazyConnect: true,
};

/** ioredis options for a REDIS_URL: `redis:`, `rediss:`, `unix:` or `redis+sentinel:`. */
export function redisOptions(url: string): RedisOptions {
  if (url.startsWith('unix:')) return { path: url.slice('unix:'.length).replace(/^\/\//, '') };
  // The WHATWG parser knows one host only, so a list of sentinels is read by hand.
  const hosts = /^[a-z+]+:\/\/(?:[^@/]*@)?([^/?]+)/.exec(url)?.[1] ?? '';
  const parsed = new URL(hosts.includes(',') ? url.replace(hosts, 'sentinels') : url);
  const options: RedisOptions = {
    ...(parsed.username ? { username: decodeURIComponent(parsed.username) } : {}),
    ...(parsed.password ? { password: decodeURIComponent(parsed.password) } : {}),
    ...(/^\/\d+$/.test(parsed.pathname) ? { db: Number(parsed.pathname.slice(1)) } : {}),
    ...(parsed.protocol.startsWith('rediss') ? { tls: {} } : {}),
  };
  if (!parsed.protocol.includes('sentinel')) {
    return { ...options, host: parsed.hostname, port: Number(parsed.port || 6_379) };
  }
  const sentinels = hosts.split(',').map((part) => {
    const [host = '', port = '26379'] = part.split(':');
    return { host, port: Number(port) };
  });
  return { ...options, sentinels, name: parsed.searchParams.get('name') ?? 'mymaster' };
}

export interface ConnectOptions {
  readonly url: string;
  readonly manner: RedisManner;
  /** Told of each connection error; the client itself reconnects. */
  readonly onError: (error: Error) => void;
  /** How long to wait for the first answer; default fifteen seconds. */
  readonly withinMs?: number;
}

/** A connected client. Throws where Redis does not answer in time: a service that starts blind helps nobody. */
export async function connectRedis(options: ConnectOptions): Promise<Redis> {
  const client = new Redis({ ...common, ...manners[options.manner], ...redisOptions(options.url) });
  let last: Error | undefined;
  client.on('error', (error) => {
    last = error;
    options.onError(error);
  });
  const ready = new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), options.withinMs ?? 15_000);
    client.once('ready', () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
  // Its failure is the first of several tries; the outcome is `ready`.
  client.connect().catch((error: unknown) => {
    last = error instanceof Error ? error : new Error(String(error));
  });
  if (await ready) return client;
  client.disconnect();
  throw new Error(`Redis at ${place(options.url)} does not answer: ${last?.message ?? 'no connection'}`, {
    cause: last,
  });
}

/** A REDIS_URL for people: without its credentials. */
export function place(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//');
}
