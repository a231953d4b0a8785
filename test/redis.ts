import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { redisOptions } from '@rendermill/shared/adapters/redis/connect';
import { ScriptRunner } from '@rendermill/shared/adapters/redis/scripts';

/** The run's real Redis, under a key prefix of its own. */
export interface RedisWorld {
  readonly redis: Redis;
  readonly scripts: ScriptRunner;
  readonly close: () => Promise<void>;
}

export function openRedis(): RedisWorld {
  const redis = new Redis(redisOptions(process.env['TEST_REDIS_URL'] ?? ''));
  const prefix = `t-${randomBytes(6).toString('hex')}`;
  return {
    redis,
    scripts: new ScriptRunner(redis, prefix),
    close: async () => {
      const keys = await redis.keys(`{${prefix}}:*`);
      if (keys.length > 0) await redis.unlink(...keys);
      redis.disconnect();
    },
  };
}
