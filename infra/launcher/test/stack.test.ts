import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { startStack as start, type StackOptions } from '../src/stack.js';
import { closing, fixture, isRunning, listener, notedRedis, tempDir, until } from './helpers.js';

const programs = { api: fixture('api.mjs'), worker: fixture('worker.mjs') };

/** A stack on stand-ins for API and worker, and what happened to them: `[name, pid, what]`. */
async function options(
  env: NodeJS.ProcessEnv = {},
): Promise<{ options: StackOptions; said: string[]; trace: () => string[][] }> {
  const dataDir = join(await tempDir(), 'data');
  const file = join(await tempDir(), 'trace');
  const { say, said } = listener();
  // None where every child was ended before its first word.
  const trace = () =>
    existsSync(file)
      ? readFileSync(file, 'utf8')
          .trim()
          .split('\n')
          .map((line) => line.split(' '))
      : [];
  return { options: { env: { PORT: '0', FIXTURE_TRACE: file, ...env }, dataDir, log: say, programs }, said, trace };
}

const startStack = async (given: StackOptions) => closing(await start(given));
const pids = (trace: string[][]) => [...new Set(trace.map(([, pid]) => Number(pid)))];

describe('a stack', () => {
  test('is API and worker on a private Redis; it stops in the order API, worker, Redis and leaves nothing running', async () => {
    const { options: given, said, trace } = await options({ FIXTURE_DRAIN_MS: '300' });
    const lines: string[] = [];
    const stack = await startStack({ ...given, childLog: (line, from) => lines.push(`${from} ${line}`) });
    expect(await (await fetch(stack.url)).text()).toBe('ok');
    expect(stack.adminKey).toMatch(/^rm_live_/);
    expect(stack.webhookSecret).toMatch(/^whsec_/);
    expect(stack.providers).toEqual(['simulator']);
    expect(stack.describe).toEqual([
      expect.stringMatching(/^Redis .*, private, every write synced; data in \/.*\/data\/redis$/),
      `storage in ${given.dataDir}/storage`,
    ]);
    expect(stack.describe.join()).not.toContain(stack.adminKey);
    expect(lines).toEqual([expect.stringMatching(/^api \{.*api\.listening/)]);
    const redisPid = notedRedis(given.dataDir);
    expect(isRunning(redisPid)).toBe(true);

    await stack.stop();
    const ends = trace().filter(([, , what]) => what !== 'start');
    expect(ends.map(([name, , what]) => `${name} ${what}`)).toEqual([
      'api SIGTERM',
      'worker SIGTERM',
      'worker drained',
    ]);
    expect([...pids(trace()), redisPid].filter(isRunning)).toEqual([]);
    expect(said).toContain('Waiting for 3 calls in flight; they are paid for. Ctrl-C again to give them up.');
    expect(readdirSync(given.dataDir).toSorted()).toEqual(['redis', 'secrets.json']);
  });

  test('gives the children one data directory and keys that outlive it', async () => {
    const { options: given, trace } = await options();
    const first = await startStack(given);
    await first.stop();
    const second = await startStack(given);
    expect(second.adminKey).toBe(first.adminKey);
    expect(second.webhookSecret).toBe(first.webhookSecret);
    const storage = `file://${given.dataDir.replaceAll(' ', '%20')}/storage`;
    const [, , ...seen] = trace().find(([name]) => name === 'api') ?? [];
    expect(seen.join(' ')).toMatch(/^start unix:\/\S+ /);
    expect(seen.slice(2).join(' ')).toBe(`${storage} ${given.dataDir}`);
  });

  test('starts a child that dies again, the API on the port that people know', async () => {
    const { options: given, said, trace } = await options();
    const stack = await startStack(given);
    for (const [name, title] of [
      ['api', 'The API'],
      ['worker', 'The worker'],
    ] as const) {
      const [, pid] = trace().find(([who]) => who === name) ?? [];
      process.kill(Number(pid), 'SIGKILL');
      await until(`${name} is back`, () => said.some((line) => line.startsWith(`${title} is back`)));
      expect(said).toContainEqual(
        expect.stringMatching(new RegExp(`^${title} ended \\(SIGKILL\\); starting it again in \\d+ ms`)),
      );
    }
    expect(await (await fetch(stack.url)).text()).toBe('ok');
    await stack.stop();
    expect(pids(trace()).filter(isRunning)).toEqual([]);
  });

  test('whose child dies at its start is given up with the last words, and undone', async () => {
    const { options: given, trace } = await options({ FIXTURE_API: 'dies at start' });
    await expect(startStack(given)).rejects.toThrow(
      /^The API ended at its start \(exit code 3\)\.\n +the last words of an API$/,
    );
    expect(pids(trace()).filter(isRunning)).toEqual([]);
    expect(readdirSync(given.dataDir).toSorted()).toEqual(['redis', 'secrets.json']);
  });

  test('that cannot have its port says which, and what to type, before anything is started', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const address = taken.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const { options: given, said } = await options({ PORT: String(port) });
    await expect(startStack(given)).rejects.toThrow(
      new RegExp(
        `^Port ${port} of 127\\.0\\.0\\.1 is taken by another program\\. Choose another: PORT=\\d+ npm start$`,
      ),
    );
    expect(said).toEqual([]);
    await new Promise((resolve) => taken.close(resolve));
  });

  test('whose start is interrupted is undone', async () => {
    const { options: given, said } = await options();
    const interrupt = new AbortController();
    const starting = startStack({ ...given, signal: interrupt.signal });
    await until('Redis is found', () => said.length > 0);
    interrupt.abort();
    await expect(starting).rejects.toThrow(/abort/i);
    expect(readdirSync(given.dataDir)).not.toContain('launcher.lock');
    expect(readdirSync(given.dataDir)).not.toContain('redis.pid');
  });
});
