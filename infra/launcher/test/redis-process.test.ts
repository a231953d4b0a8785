import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { startRedis as start, type RedisOptions } from '../src/redis-process.js';
import { closing, ending, isRunning, launch, listener, notedRedis, redis, tempDir, until } from './helpers.js';

const startRedis = async (options: RedisOptions) => closing(await start(options));

/** Runs a launcher in a process of its own until its Redis is ready. */
async function launcherWithRedis(dataDir: string, env: NodeJS.ProcessEnv = {}) {
  const launcher = launch('run-redis.ts', [dataDir], env);
  await until('Redis of the other launcher is ready', () => launcher.output().includes('ready '));
  const url = /^ready (.*)$/m.exec(launcher.output())?.[1] ?? '';
  const pid = notedRedis(dataDir);
  ending(pid);
  return { launcher, url, pid };
}

describe('the private Redis', () => {
  test('serves on a socket that only its owner can use, and leaves nothing but its data behind', async () => {
    const dataDir = await tempDir();
    const { say, said } = listener();
    const server = await startRedis({ dataDir, say });
    const { pid, url } = server;
    const socket = url.slice('unix:'.length);
    expect(said).toEqual([expect.stringMatching(/^Redis \d+\.\d+\.\d+ from \//)]);
    expect(await redis(url, 'SET kept yes')).toBe('+OK');
    expect(statSync(socket).mode & 0o777).toBe(0o700);
    expect(statSync(dirname(socket)).mode & 0o777).toBe(0o700);
    expect(await redis(url, 'CONFIG GET appendfsync')).toMatch(/\*2/);
    await server.stop();
    expect(isRunning(pid)).toBe(false);
    expect(existsSync(dirname(socket))).toBe(false);
    expect(readdirSync(dataDir)).toEqual(['redis']);

    const next = await startRedis({ dataDir, say });
    expect(await redis(next.url, 'GET kept')).toBe('yes');
    await next.stop();
  });

  test('loses no acknowledged write to kill -9, and comes back by itself on the same socket', async () => {
    const { say, said } = listener();
    const server = await startRedis({ dataDir: await tempDir(), say });
    for (let round = 1; round <= 5; round++) {
      expect(await redis(server.url, `INCR rounds`)).toBe(`:${round}`);
      const { pid } = server;
      process.kill(pid ?? 0, 'SIGKILL');
      await until('another Redis', () => server.pid !== pid);
      await until('it answers', async () => (await redis(server.url, 'PING').catch(() => '')) === '+PONG');
    }
    expect(await redis(server.url, 'GET rounds')).toBe('5');
    expect(said).toContainEqual(expect.stringMatching(/^Redis ended \(SIGKILL\); starting it again in \d+ ms$/));
    expect(said).toContainEqual(expect.stringMatching(/^Redis is back after/));
    await server.stop();
  });

  test('of a killed launcher is stopped at the next start, which keeps data and socket', async () => {
    const dataDir = await tempDir();
    const { launcher, url, pid } = await launcherWithRedis(dataDir);
    expect(await redis(url, 'SET kept yes')).toBe('+OK');
    launcher.process.kill('SIGKILL');
    await launcher.exit;
    expect(isRunning(pid)).toBe(true);

    const { say, said } = listener();
    const server = await startRedis({ dataDir, say });
    expect(isRunning(pid)).toBe(false);
    expect(said).toContain(`Redis of a launcher that was killed still runs (process ${pid}); stopping it`);
    expect(server.url).toBe(url);
    expect(await redis(server.url, 'GET kept')).toBe('yes');
    await server.stop();
  });

  test('of a living launcher is left alone: a second one over the same data is refused', async () => {
    const dataDir = await tempDir();
    const { launcher, url } = await launcherWithRedis(dataDir);
    const refusal = `is in use by the Redis of process ${launcher.process.pid}`;
    await expect(startRedis({ dataDir, say: listener().say })).rejects.toThrow(refusal);
    expect(await redis(url, 'PING')).toBe('+PONG');
    launcher.process.kill('SIGTERM');
    expect(await launcher.exit).toBe(0);
  });

  test('that cannot start tells why in its own words, and is not tried again', async () => {
    const dataDir = await tempDir();
    const { say } = listener();
    const server = await startRedis({ dataDir, say });
    await redis(server.url, 'SET some data');
    await server.stop();
    const files = join(dataDir, 'redis', 'appendonlydir');
    writeFileSync(join(files, readdirSync(files).find((name) => name.endsWith('.manifest')) ?? ''), 'nonsense\n');
    await expect(startRedis({ dataDir, say })).rejects.toThrow(/Redis ended at its start \(exit code 1\)\.\n.*AOF/s);
    expect(readdirSync(dataDir)).toEqual(['redis']);
  });

  test('gets a socket path that the kernel takes, however long TMPDIR is', async () => {
    const { launcher, url } = await launcherWithRedis(await tempDir(), { TMPDIR: `/tmp/${'long'.repeat(30)}` });
    expect(Buffer.byteLength(url)).toBeLessThan(100);
    launcher.process.kill('SIGTERM');
    expect(await launcher.exit).toBe(0);
  });
});
