import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { run } from '../src/run.js';
import { isRunning, tempDir, until } from './helpers.js';

describe('a command', () => {
  test('gives its output', async () => {
    expect(await run('sh', ['-c', 'echo out; echo err >&2'], { timeoutMs: 5_000 })).toBe('out\n');
  });

  test('that fails shows its last lines', async () => {
    const failing = run('sh', ['-c', 'for i in 1 2 3 4 5 6 7 8 9; do echo line $i; done; echo why >&2; exit 4'], {
      timeoutMs: 5_000,
    });
    await expect(failing).rejects.toThrow(/exit code 4\n.*line 3\n.*why$/s);
    await expect(run('no-such-program', [], { timeoutMs: 5_000 })).rejects.toThrow('ENOENT');
  });

  test('that hangs is ended after its limit, with all that it has started', async () => {
    const file = join(await tempDir(), 'pid');
    const hanging = run('sh', ['-c', `sleep 60 & echo $! > '${file}'; echo begun; wait`], { timeoutMs: 2_000 });
    await expect(hanging).rejects.toThrow(/took longer than 2.0 s\n +begun/);
    expect(isRunning(Number(readFileSync(file, 'utf8')))).toBe(false);
  });

  test('is ended when its start is interrupted, and not even begun after that', async () => {
    const interrupt = new AbortController();
    const file = join(await tempDir(), 'begun');
    const running = run('sh', ['-c', `touch '${file}'; sleep 60`], { timeoutMs: 5_000, signal: interrupt.signal });
    await until('it runs', () => existsSync(file));
    interrupt.abort();
    await expect(running).rejects.toThrow('was interrupted');
    await expect(run('true', [], { timeoutMs: 5_000, signal: interrupt.signal })).rejects.toThrow(/abort/i);
  });
});
