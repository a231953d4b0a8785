// `npm test`: every test, on a real Redis and a real S3 server that this command starts, with provider keys taken out
// of the environment. Ends with the line `N passed, N failed`. Arguments go to jest; `--everyday` leaves the slow ones out.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startRedis } from '../infra/launcher/dist/redis-process.js';
import { startS3Server } from './lib/s3-server.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const say = (line) => process.stdout.write(`${line}\n`);
const everyday = process.argv.includes('--everyday');
const args = process.argv.slice(2).filter((arg) => arg !== '--everyday');
const providerKeys =
  /^(OPENAI|APIYI|LAOZHANG|COMETAPI|TUZI|BIANXIE)_|^RENDERMILL_(?!SEED$|FUZZ_RUNS$)|^REDIS_|^STORAGE_|^S3_(?!TEST_)|^AWS_/;

async function main() {
  const dir = await mkdtemp(join(tmpdir(), 'rendermill-test-'));
  const closers = [() => rm(dir, { recursive: true, force: true })];
  let closing;
  const closeAll = async () => {
    for (const close of closers.reverse()) await close();
  };
  const stop = () => (closing ??= closeAll());
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.on(signal, () => {
      void stop().finally(() => process.exit(130));
    });
  try {
    const [redis, s3] = await Promise.all([
      startRedis({ dataDir: join(dir, 'redis'), say }),
      startS3Server(join(dir, 's3'), say),
    ]);
    closers.push(
      () => redis.stop(),
      () => s3?.stop(),
    );
    const results = join(dir, 'results.json');
    const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !providerKeys.test(name)));
    const env = {
      ...clean,
      TEST_REDIS_URL: redis.url,
      ...s3?.env,
      NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      RENDERMILL_TESTS: everyday ? 'everyday' : 'all',
    };
    const jest = run(['node_modules/jest/bin/jest.js', '--json', `--outputFile=${results}`, ...args], env);
    closers.push(jest.stop);
    const code = await jest.ended;
    // By the signal that ends this script, which exits here, or by the system.
    if (code === null) {
      await stop();
      throw new Error('jest was killed: its memory may have run out');
    }
    const { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites } = JSON.parse(
      await readFile(results, 'utf8'),
    );
    if (s3 === null)
      say(
        'S3 PART NOT RUN: no Ceph RGW could be had; set S3_TEST_ENDPOINT, S3_TEST_ACCESS_KEY and S3_TEST_SECRET_KEY.',
      );
    if (numPendingTests > 0) say(`${numPendingTests} not run`);
    // A file that fails as a whole, by what it left open or by not loading, is a failure too.
    const failed = Math.max(numFailedTests + numRuntimeErrorTestSuites, code === 0 ? 0 : 1);
    return { line: `${numPassedTests} passed, ${failed} failed`, code: failed === 0 ? 0 : 1 };
  } finally {
    await stop();
  }
}

/** jest's own output goes to stderr of ours, so that the last line on stdout is the count. */
function run(command, env) {
  // A group of its own: its workers, and what their tests have started, do not end with it.
  const child = spawn(process.execPath, command, {
    cwd: root,
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
    detached: true,
  });
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  const stop = async () => {
    try {
      process.kill(-Number(child.pid), 'SIGKILL');
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
    await ended;
  };
  return { ended, stop };
}

const { line, code } = await main();
say(line);
process.exitCode = code;
