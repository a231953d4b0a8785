/** A private, real Redis for the whole run, unless TEST_REDIS_URL names one. `npm test` starts the S3 server too. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export default async function setup() {
  if (process.env.TEST_REDIS_URL) return;
  const dir = mkdtempSync(join(tmpdir(), 'rm-test-'));
  const socket = join(dir, 'redis.sock');
  const redis = spawn(
    'redis-server',
    [
      '--port',
      '0',
      '--unixsocket',
      socket,
      '--dir',
      dir,
      '--appendonly',
      'yes',
      '--appendfsync',
      'always',
      '--save',
      '',
    ],
    { stdio: 'ignore' },
  );
  await new Promise((resolve, reject) => {
    redis.once('error', () =>
      reject(new Error('redis-server is not on the path: run the tests with `npm test`, which brings it')),
    );
    const started = Date.now();
    const look = () => {
      try {
        execFileSync('redis-cli', ['-s', socket, 'ping'], { stdio: 'ignore' });
        resolve();
      } catch (error) {
        if (Date.now() - started > 10_000) reject(error);
        else setTimeout(look, 50);
      }
    };
    look();
  });
  process.env.TEST_REDIS_URL = `unix:${socket}`;
  globalThis.stopTestRedis = () => {
    redis.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  };
}
