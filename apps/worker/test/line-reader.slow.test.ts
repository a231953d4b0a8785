import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openDirectoryStorage } from '@rendermill/shared/adapters/storage/directory';
import type { Batch } from '@rendermill/shared/domain/batch';
import { batchKey } from '@rendermill/shared/domain/object-keys';
import type { Storage } from '@rendermill/shared/ports/storage';
import { LineReader, maxTextAtOnce } from '../src/batches/line-reader.js';
import { SideBySide } from '../src/recovery/side-by-side.js';

/** How many lines of a batch are held at once: by their number where they are short, by their size where they are not. */

let folder = '';
let storage: Storage;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rendermill-lines-'));
  storage = await openDirectoryStorage(folder);
});
afterAll(() => rm(folder, { recursive: true }));

const megabyte = 1024 * 1024;

async function written(id: string, sizes: readonly number[]): Promise<Batch> {
  const batch = { id, project: 'p', created_at: 0, total: sizes.length, cursor: 0, offset: 0 } as Batch;
  const text = sizes.map((size, i) => `${i + 1}${'x'.repeat(size)}\n`).join('');
  await storage.put(batchKey(batch, 'input.jsonl'), Buffer.from(text), 'application/jsonl');
  return batch;
}

/** The numbers of the lines that each step reads, until none is left. */
async function steps(batch: Batch, count: number): Promise<number[][]> {
  const reader = new LineReader({ storage });
  const read: number[][] = [];
  let at = batch;
  while (at.cursor < at.total) {
    const lines = await reader.next(at, count);
    const last = lines.at(-1);
    if (!last) throw new Error('a step read nothing');
    for (const { line, text } of lines) expect(text.startsWith(`${line}x`)).toBe(true);
    read.push(lines.map(({ line }) => line));
    at = { ...at, cursor: last.line, offset: last.next };
    reader.rest();
  }
  return read;
}

test('long lines are taken as many at once as memory is good for, and none is left out', async () => {
  const batch = await written(
    'batch_long',
    Array.from({ length: 10 }, () => 20 * megabyte),
  );
  const read = await steps(batch, 10);
  expect(Math.max(...read.map((lines) => lines.length))).toBeLessThanOrEqual(maxTextAtOnce / (20 * megabyte));
  expect(read.flat()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test('the longest line is taken alone between short ones', async () => {
  const batch = await written('batch_mixed', [9, 9, 71 * megabyte, 71 * megabyte, 9, 9]);
  expect(await steps(batch, 10)).toEqual([
    [1, 2, 3],
    [4, 5, 6],
  ]);
});

test('short lines are taken as many as are asked for', async () => {
  const sizes = Array.from({ length: 500 }, () => 2_000);
  const read = await steps(await written('batch_short', sizes), 200);
  expect(read.map((lines) => lines.length)).toEqual([200, 200, 100]);
});

test('what takes all the room goes alone', async () => {
  const room = new SideBySide(8);
  const under: number[] = [];
  const seen: number[][] = [];
  const work = (share: number) => async (): Promise<void> => {
    under.push(share);
    seen.push([...under]);
    await new Promise(setImmediate);
    under.splice(under.indexOf(share), 1);
  };
  for (const share of [1, 1, 8, 20, 5, 4, 1]) await room.start(work(share), share);
  await room.end();
  for (const shares of seen) expect(shares.length === 1 || shares.reduce((a, b) => a + b) <= 8).toBe(true);
  expect(seen).toContainEqual([20]);
  expect(seen).toContainEqual([1, 1]);
});
