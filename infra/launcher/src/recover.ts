#!/usr/bin/env node
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDataDir } from './data-dir.js';
import { startRedis } from './redis-process.js';
import { outliveStdout } from './say.js';
import { sayFailure } from './serve.js';
import { chooseServices } from './services.js';

/**
 * `rendermill recover`, on what `npm start` would run on: a private Redis is started for as long as it takes. What it does is
 * the worker's: apps/worker/src/recover.ts.
 */
// oxlint-disable-next-line node/no-process-env -- the entry point reads the environment once and passes it down
const { env } = process;
const program = fileURLToPath(new URL('../../../apps/worker/dist/recover.js', import.meta.url));
const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(): Promise<number> {
  const dataDir = resolve(env['RENDERMILL_DATA_DIR'] || './.rendermill');
  // Beside a Redis of one's own nothing in the directory is this command's, but the spools that it reads.
  if (env['REDIS_URL']) return ended(chooseServices(env, dataDir, noSecrets).childEnv(env['REDIS_URL']));
  const dir = await openDataDir(dataDir);
  try {
    const services = chooseServices(env, dir.path, dir.secrets);
    const redis = await startRedis({ dataDir: dir.path, env, say });
    try {
      return await ended(services.childEnv(redis.url));
    } finally {
      await redis.stop();
    }
  } finally {
    dir.release();
  }
}

const noSecrets = (): never => {
  throw new Error('beside a Redis of one’s own no secrets are made');
};

async function ended(childEnv: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(process.execPath, [program, ...process.argv.slice(2)], { env: childEnv, stdio: 'inherit' });
  return new Promise((done, failed) => {
    child.once('error', failed);
    child.once('exit', (code) => done(code ?? 1));
  });
}

outliveStdout();
try {
  process.exitCode = await main();
} catch (error) {
  sayFailure(error, say);
  process.exitCode = 2;
}
