import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { ending, isRunning, launch, notedRedis, tempDir, until, type Launched } from './helpers.js';

interface Running extends Launched {
  readonly trace: () => string;
  readonly redis: number;
}

/** `npm start` on stand-ins, ready. */
async function npmStart(env: NodeJS.ProcessEnv = {}): Promise<Running> {
  const dataDir = await tempDir();
  const file = join(await tempDir(), 'trace');
  const started = launch('run-stack.ts', [dataDir], {
    PORT: '0',
    TMPDIR: await tempDir(),
    FIXTURE_TRACE: file,
    ...env,
  });
  await until('it is ready', () => started.output().includes('Rendermill is ready'));
  const redis = notedRedis(dataDir);
  ending(redis);
  return { ...started, trace: () => readFileSync(file, 'utf8'), redis };
}

const children = (trace: string) => [...new Set([...trace.matchAll(/^\w+ (\d+) /gm)].map(([, pid]) => Number(pid)))];

describe('npm start', () => {
  test('says what a person needs, and nothing twice', async () => {
    const started = await npmStart();
    const text = started.output();
    expect(text).toMatch(/Rendermill is ready at http:\/\/127\.0\.0\.1:\d+ after [\d.]+ m?s\./);
    expect(text).toMatch(/^ {2}API key +rm_live_[0-9A-Za-z]{40}$/m);
    expect(text).toMatch(/^ {2}Webhook secret +whsec_/m);
    expect(text).toMatch(/^ {2}Providers +no provider key found: rendering with the built-in simulator$/m);
    expect(text).toMatch(/^ {2}Uses +Redis .*\n {2}Uses +storage in /m);
    expect(text).toMatch(/^ {2}Command line +npx rendermill --help$/m);
    expect(text).toMatch(/^ {2}Try +curl -s http:/m);
    expect(text).toContain('api| {"level":30');
  });

  test('ends with 0 after Ctrl-C, which npm sends twice, and lets the worker finish', async () => {
    const started = await npmStart({ FIXTURE_DRAIN_MS: '400' });
    started.process.kill('SIGINT');
    started.process.kill('SIGINT');
    await sleep(50);
    started.process.kill('SIGINT');
    expect(await started.exit).toBe(0);
    expect(started.output()).toContain('Stopped. Everything is kept for the next start.');
    expect(started.trace()).toMatch(/worker \d+ drained/);
    expect([...children(started.trace()), started.redis].filter(isRunning)).toEqual([]);
  });

  test('gives up a long drain at a second Ctrl-C, and leaves nothing running', async () => {
    const started = await npmStart({ FIXTURE_DRAIN_MS: '60000' });
    started.process.kill('SIGINT');
    await until('the worker drains', () => started.output().includes('Waiting for 3 calls'));
    await sleep(600);
    started.process.kill('SIGINT');
    expect(await started.exit).toBe(130);
    expect([...children(started.trace()), started.redis].filter(isRunning)).toEqual([]);
  });

  test('that is killed takes API and worker with it', async () => {
    const started = await npmStart({ FIXTURE_DRAIN_MS: '100' });
    started.process.kill('SIGKILL');
    await started.exit;
    await until('both have ended', () => children(started.trace()).filter(isRunning).length === 0);
    expect(started.trace()).toMatch(/api \d+ disconnect/);
    expect(started.trace()).toMatch(/worker \d+ disconnect\n(?:api.*\n)?worker \d+ drained/);
  });

  test('tells a fault of the configuration and ends with 1', async () => {
    const started = launch('run-stack.ts', [await tempDir()], { PORT: 'http' });
    expect(await started.exit).toBe(1);
    expect(started.output()).toBe(
      'Rendermill cannot start with this configuration:\n  - PORT must be a whole number\nSee docs/configuration.md.\n',
    );
  });
});
