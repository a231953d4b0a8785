import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { advice, obtainRedis } from '../src/redis-binary.js';
import { findRedis, searchPath } from '../src/redis-search.js';
import { startRedis } from '../src/redis-process.js';
import { closing, fixture, isRunning, listener, redis, tempDir } from './helpers.js';

async function directoryWith(programs: Record<string, string>): Promise<string> {
  const dir = await tempDir();
  for (const [name, text] of Object.entries(programs))
    writeFileSync(join(dir, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return dir;
}

const saysVersion = (version: string) => `echo "Redis server v=${version} sha=00000000:0 malloc=jemalloc bits=64"`;

describe('the search for a server', () => {
  test('takes the first that is new enough, and says what is wrong with the others', async () => {
    const old = await directoryWith({ 'redis-server': saysVersion('6.0.16') });
    const broken = await directoryWith({ 'redis-server': 'echo "error while loading shared libraries" >&2; exit 127' });
    const good = await directoryWith({ 'redis-server': saysVersion('6.2.0'), 'valkey-server': saysVersion('8.0.1') });
    const { program, unfit } = await findRedis([old, '/no/such/directory', broken, good]);
    expect(program).toMatchObject({ file: join(good, 'redis-server'), version: '6.2.0' });
    expect(unfit).toEqual([
      `${old}/redis-server is 6.0.16; 6.2 is needed`,
      expect.stringMatching(/redis-server does not run: .*exit code 127\n.*shared libraries/s),
    ]);
  });

  test("finds Debian's server under the name that the package without a service gives it", async () => {
    const installed = (await findRedis(searchPath({}))).program;
    const dir = await tempDir();
    symlinkSync(installed?.file ?? '', join(dir, 'redis-check-rdb'));
    const { program } = await findRedis([dir]);
    expect(program).toMatchObject({
      file: join(dir, 'redis-check-rdb'),
      argv0: 'redis-server',
      version: installed?.version,
    });
    const server = closing(
      await startRedis({ dataDir: await tempDir(), say: listener().say, runtime: program ?? undefined }),
    );
    expect(await redis(server.url, 'PING')).toBe('+PONG');
  });

  test('looks where a service manager’s short PATH does not, and never where PATH is relative', () => {
    const directories = searchPath({ PATH: 'node_modules/.bin:/opt/mine' });
    expect(directories.join(':')).toBe('/opt/mine:/usr/bin:/usr/sbin:/usr/local/bin:/opt/homebrew/bin');
  });

  test('finds a server that was brought into the data directory earlier', async () => {
    const dataDir = await tempDir();
    const bin = join(dataDir, 'redis-server/usr/bin');
    mkdirSync(bin, { recursive: true });
    mkdirSync(join(dataDir, 'redis-server/usr/lib/some-linux-gnu'), { recursive: true });
    writeFileSync(join(bin, 'redis-check-rdb'), `#!/bin/sh\n${saysVersion('7.2.4')}\n`, { mode: 0o755 });
    const { say, said } = listener();
    const program = await obtainRedis({ dataDir, env: {}, say, searchIn: [] });
    expect(program).toMatchObject({
      version: '7.2.4',
      libraryPath: `${dataDir}/redis-server/usr/lib:${dataDir}/redis-server/usr/lib/some-linux-gnu`,
    });
    expect(said).toEqual([`Redis 7.2.4 from ${bin}/redis-check-rdb`]);
  });
});

test('where nothing helps, one message says what was tried and the one command to type', async () => {
  const tools = await directoryWith({ dnf: 'exit 0' });
  const text = advice(['docker: no engine'], [tools]);
  expect(text).toContain('  - docker: no engine\n');
  expect(text).toMatch(/^Install it with: (sudo )?dnf install redis$/m);
  expect(advice([], [await tempDir()])).toContain('Install it by the means of this system');
});

test('a Redis in a container serves on the loopback interface behind a password, and ends with its launcher', async () => {
  const dataDir = await tempDir();
  const runtime = { kind: 'container', docker: fixture('docker.mjs'), image: 'redis:test', user: '1:1' } as const;
  const { say } = listener();
  const server = closing(await startRedis({ dataDir, say, runtime }));
  expect(server.url).toMatch(/^redis:\/\/:[0-9a-f]{48}@127\.0\.0\.1:\d+$/);
  expect(server.description).toBe(`Redis in a container of redis:test, every write synced; data in ${dataDir}/redis`);
  const { pid } = server;
  process.kill(pid ?? 0, 'SIGTERM');
  await server.stop();
  expect(isRunning(pid)).toBe(false);
});
