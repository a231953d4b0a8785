import { describe, expect, test } from '@jest/globals';
import { chooseServices, withoutSecrets } from '../src/services.js';

const secrets = () => ({
  adminKey: `rm_live_${'a'.repeat(40)}`,
  secret: 's'.repeat(40),
  webhookSecret: `whsec_${'b'.repeat(43)}=`,
});
const never = () => {
  throw new Error('secrets were asked for');
};
const given = {
  REDIS_URL: 'redis://u:p@host:6379/1',
  RENDERMILL_ADMIN_KEY: 'k'.repeat(24),
  RENDERMILL_SECRET: 's'.repeat(16),
};

describe('services', () => {
  test('are embedded where the environment names none, with generated secrets', () => {
    const services = chooseServices({ REDIS_URL: '', PORT: '0' }, '/data dir', secrets);
    expect(services.embedsRedis).toBe(true);
    expect(services.childEnv('unix:/s')).toEqual({
      PORT: '0',
      REDIS_URL: 'unix:/s',
      STORAGE_URL: 'file:///data%20dir/storage',
      RENDERMILL_DATA_DIR: '/data dir',
      RENDERMILL_ADMIN_KEY: secrets().adminKey,
      RENDERMILL_SECRET: secrets().secret,
      RENDERMILL_WEBHOOK_SECRET: secrets().webhookSecret,
    });
    expect(services.storage).toBe('storage in /data dir/storage');
  });

  test('are those of the environment where it names them, and then so are the secrets', () => {
    const services = chooseServices({ ...given, STORAGE_URL: 's3://bucket/prefix' }, '/data', never);
    expect(services.embedsRedis).toBe(false);
    expect(services.childEnv(given.REDIS_URL)).toMatchObject({ ...given, STORAGE_URL: 's3://bucket/prefix' });
    expect([services.redis, services.storage]).toEqual([
      'Redis at redis://host:6379/1 (REDIS_URL)',
      'storage at s3://bucket/prefix (STORAGE_URL)',
    ]);
  });

  test('keep a key that the environment gives beside an embedded Redis', () => {
    const services = chooseServices({ RENDERMILL_ADMIN_KEY: 'k'.repeat(24) }, '/data', secrets);
    expect(services.api.RENDERMILL_ADMIN_KEY).toBe('k'.repeat(24));
  });

  test('are chosen in a shell where the advice of the start was followed: a client’s address and key are nothing to them', () => {
    const client = { RENDERMILL_URL: 'http://127.0.0.1:8080', RENDERMILL_API_KEY: 'rm_live_of-a-client' };
    expect(chooseServices({ ...client, PORT: '0' }, '/data', secrets).api).toEqual(
      chooseServices({ PORT: '0' }, '/data', secrets).api,
    );
  });

  test('tell every fault of the configuration of API and worker before anything is started', () => {
    expect(() => chooseServices({ REDIS_URL: 'redis://h' }, '/data', never)).toThrow(
      /RENDERMILL_ADMIN_KEY is required.*RENDERMILL_SECRET is required/s,
    );
    expect(() => chooseServices({ WORKER_CONCURRENCY: 'many' }, '/data', secrets)).toThrow(
      'WORKER_CONCURRENCY must be a whole number',
    );
  });
});

test.each([
  ['redis://:pa/ss@w@rd@host:6379/0', 'redis://host:6379/0'],
  ['rediss://user:secret@host:6380?password=x', 'rediss://host:6380'],
  ['redis+sentinel://:secret@a:26379,b:26379/0?name=m', 'redis+sentinel://a:26379,b:26379/0'],
  ['s3://key:secret@bucket/prefix', 's3://bucket/prefix'],
  ['unix:/run/redis.sock', 'unix:/run/redis.sock'],
  ['file:///home/me@work/images', 'file:///home/me@work/images'],
])('no secret of %s is shown', (url, shown) => {
  expect(withoutSecrets(url)).toBe(shown);
});
