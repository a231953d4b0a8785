import { chmodSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { openDataDir } from '../src/data-dir.js';
import { identityOf } from '../src/process-table.js';
import { launch, tempDir, until } from './helpers.js';

describe('a data directory', () => {
  test('belongs to its owner alone and to one launcher at a time, which the refusal names', async () => {
    const path = join(await tempDir(), 'data');
    const holder = launch('hold-lock.ts', [path], {});
    await until('the other launcher has it', () => holder.output().includes('has it'));
    expect(statSync(path).mode & 0o777).toBe(0o700);
    const refusal = `${path} is in use by another launcher, process ${holder.process.pid}.`;
    await expect(openDataDir(path)).rejects.toThrow(refusal);

    holder.process.kill('SIGTERM');
    expect(await holder.exit).toBe(0);
    const dir = await openDataDir(path);
    expect(dir.afterKill).toBe(false);
    dir.release();
    expect(readdirSync(path)).toEqual([]);
  });

  test('is taken over from a launcher that was killed', async () => {
    const path = await tempDir();
    const holder = launch('hold-lock.ts', [path], {});
    await until('the other launcher has it', () => holder.output().includes('has it'));
    holder.process.kill('SIGKILL');
    await holder.exit;
    const dir = await openDataDir(path);
    expect(dir.afterKill).toBe(true);
    await expect(openDataDir(path)).rejects.toThrow(`process ${process.pid}`);
    dir.release();
  });

  test.each([
    ['a pid that another program has got since', JSON.stringify({ pid: process.pid, identity: 'an earlier boot' })],
    ['a lock that was cut by a full disk', '{"pid": 1'],
    ['an empty lock', ''],
  ])('is taken over from %s', async (_title, text) => {
    const path = await tempDir();
    writeFileSync(join(path, 'launcher.lock'), text);
    const dir = await openDataDir(path);
    expect(dir.afterKill).toBe(true);
    dir.release();
  });

  test('with a stale lock goes to exactly one of several launchers that start at once', async () => {
    const path = await tempDir();
    writeFileSync(join(path, 'launcher.lock'), JSON.stringify({ pid: 1, identity: 'gone' }));
    const racers = [1, 2, 3, 4].map(() => launch('hold-lock.ts', [path], {}));
    await until('all have an answer', () => racers.every((racer) => /has it|refused/.test(racer.output())));
    expect(racers.filter((racer) => racer.output().includes('has it'))).toHaveLength(1);
  });

  test('that everybody can write is refused, and one that others can read is closed', async () => {
    const path = await tempDir();
    chmodSync(path, 0o1777);
    await expect(openDataDir(path)).rejects.toThrow('can be written by everybody');
    chmodSync(path, 0o755);
    const dir = await openDataDir(path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    dir.release();
  });
});

describe('the secrets of a data directory', () => {
  test('are made once, readable by their owner alone, and kept', async () => {
    const path = await tempDir();
    const first = await openDataDir(path);
    const secrets = first.secrets();
    expect(secrets.adminKey).toMatch(/^rm_live_[0-9A-Za-z]{40}$/);
    expect(secrets.secret).toMatch(/^[0-9A-Za-z]{40}$/);
    expect(Buffer.from(secrets.webhookSecret.replace(/^whsec_/, ''), 'base64')).toHaveLength(32);
    first.release();
    const file = join(path, 'secrets.json');
    expect(readdirSync(path)).toEqual(['secrets.json']);
    expect(statSync(file).mode & 0o777).toBe(0o600);

    chmodSync(file, 0o644);
    const second = await openDataDir(path);
    expect(second.secrets()).toEqual(secrets);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    second.release();
  });

  test.each(['', '[]', '{"adminKey": "rm_live_x"}'])('are not replaced where the file is damaged: %j', async (text) => {
    const path = await tempDir();
    const file = join(path, 'secrets.json');
    writeFileSync(file, text);
    const dir = await openDataDir(path);
    expect(() => dir.secrets()).toThrow(`${file} does not hold`);
    expect(readFileSync(file, 'utf8')).toBe(text);
    dir.release();
  });
});

test('a process is known by its start time, and a pid that nobody has by nothing', () => {
  expect(identityOf(process.pid)).toBe(identityOf(process.pid));
  expect(identityOf(1)).not.toBe(identityOf(process.pid));
  expect(identityOf(2 ** 30)).toBeNull();
});
