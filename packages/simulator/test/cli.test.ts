import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { until } from '../../../test/until.js';
import { help, readCommandLine } from '../src/cli.js';
import { faultFacts, type Stats } from '../src/index.js';

describe('the command line', () => {
  test('becomes options', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'simulator-'));
    const file = join(folder, 'faults.json');
    await writeFile(file, JSON.stringify([{ when: { nth: 2 }, fault: { kind: 'ok_html' } }]));
    const line = `--port 9090 --host 0.0.0.0 --api-key a --api-key b --latency 800-4000 --concurrency 4 --rpm 60 --ipm 20
      --per-model --no-retry-after --answers both --url-ttl 5000 --strict --unknown user --unknown mask --dropped size --max-inputs 1 --pool 1.5M --seed 7 --faults ${file}`;
    expect(readCommandLine(line.split(/\s+/))).toEqual({
      port: 9090,
      host: '0.0.0.0',
      apiKeys: ['a', 'b'],
      latencyMs: { min: 800, max: 4_000 },
      limits: {
        concurrency: 4,
        requestsPerMinute: 60,
        imagesPerMinute: 20,
        perModel: true,
        retryAfter: false,
        headers: true,
      },
      answers: 'both',
      urlTtlMs: 5_000,
      strict: 'openai',
      dialect: { unknownParameters: ['user', 'mask'], dropped: ['size'], maxInputs: 1 },
      images: { pool: { bytes: 1_500_000 } },
      seed: 7,
      faults: [{ when: { nth: 2 }, fault: { kind: 'ok_html' } }],
    });
    await rm(folder, { recursive: true });
  });

  test.each([
    ['--latency soon', '--latency'],
    ['--pool large', '--pool'],
    ['--answers nothing', '--answers'],
    ['--port', '--port'],
    ['--colour red', '--colour'],
  ])('%s is refused by name', (line, name) => {
    expect(() => readCommandLine(line.split(' '))).toThrow(name);
  });

  test('--help names every flag', () => {
    expect(readCommandLine(['--help'])).toBe('help');
    const source = readFileSync(new URL('../src/cli.ts', import.meta.url), 'utf8');
    const flags = [...source.matchAll(/^ {2}'?([a-z-]+)'?: \{ type:/gm)].map(([, name]) => `--${name}`);
    expect(flags.length).toBeGreaterThan(10);
    expect(flags.filter((flag) => !help.includes(flag))).toEqual([]);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('the process prints one line and ends cleanly on %s', async (signal) => {
    const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', main, '--latency', '60000'], { stdio: 'pipe' });
    const exit = once(child, 'exit');
    const printed: string[] = [];
    child.stdout.on('data', (chunk: Buffer) => printed.push(chunk.toString()));
    await once(child.stdout, 'data');
    const url = /^simulator listening on (http:\/\/127\.0\.0\.1:\d+\/v1)\n$/.exec(printed.join(''))?.[1];
    // A request that waits must not keep the process.
    const headers = { 'content-type': 'application/json' };
    const call = fetch(`${url}/images/generations`, { method: 'POST', headers, body: '{"prompt":"a mug"}' });
    const settled = Promise.allSettled([call]);
    await until(async () => {
      const stats = await fetch(`${url?.replace(/v1$/, '_sim')}/stats`);
      return ((await stats.json()) as Stats).in_flight === 1;
    });
    child.kill(signal);
    expect(await exit).toEqual([0, null]);
    expect(await settled).toMatchObject([{ status: 'rejected' }]);
    expect(printed).toHaveLength(1);
  });
});

describe('README', () => {
  test('lists each fault and whether it is charged', () => {
    const text = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    const rows = [...text.matchAll(/^\| `([a-z0-9_]+)` +\| (yes|no) +\|/gm)].map(([, kind, charged]) => [
      kind,
      charged === 'yes',
    ]);
    expect(Object.fromEntries(rows)).toEqual(
      Object.fromEntries(Object.entries(faultFacts).map(([kind, { charged }]) => [kind, charged])),
    );
  });
});
