import type { Readable } from 'node:stream';
import type { Batch, LineRecord } from '@rendermill/shared/domain/batch';
import type { BatchPart } from '@rendermill/shared/adapters/redis/batch-store';
import { readLine } from '@rendermill/shared/domain/batch-line';
import { batchKey } from '@rendermill/shared/domain/object-keys';
import { StorageError, type Storage } from '@rendermill/shared/ports/storage';
import { neverBegun } from './line-job.js';
import { splitLines } from './split-lines.js';

/** Every line of a batch that is at its end, once: as its latest record tells, or as one that was never begun. */
export async function* batchRecords(
  storage: Storage,
  batch: Batch,
  parts: readonly BatchPart[],
): AsyncGenerator<LineRecord> {
  yield* latestRecords(storage, batch, parts);
  yield* neverBegunLines(storage, batch);
}

/** The records in the parts that no retry has told of anew. */
export async function* latestRecords(
  storage: Storage,
  batch: Batch,
  parts: readonly BatchPart[],
): AsyncGenerator<LineRecord> {
  const newer = await linesOfLaterGenerations(storage, batch, parts);
  for (const part of parts) {
    for await (const record of partRecords(storage, batch, part)) {
      if ((newer.get(record.line) ?? 0) <= record.generation) yield record;
    }
  }
}

async function* partRecords(storage: Storage, batch: Batch, { name }: BatchPart): AsyncGenerator<LineRecord> {
  for await (const lines of splitLines(await open(storage, batchKey(batch, name)))) {
    for (const { bytes } of lines) if (bytes) yield JSON.parse(bytes.toString()) as LineRecord;
  }
}

/** The generation that was last to tell of a line, for lines that were told of by a retry. */
async function linesOfLaterGenerations(
  storage: Storage,
  batch: Batch,
  parts: readonly BatchPart[],
): Promise<Map<number, number>> {
  const found = new Map<number, number>();
  for (const part of parts.filter(({ generation }) => generation > 1)) {
    for await (const { line, generation } of partRecords(storage, batch, part)) found.set(line, generation);
  }
  return found;
}

async function* neverBegunLines(storage: Storage, batch: Batch): AsyncGenerator<LineRecord> {
  if (batch.cursor >= batch.total) return;
  let line = batch.cursor;
  const error = neverBegun(batch);
  const range = { start: batch.offset, end: Number.MAX_SAFE_INTEGER };
  for await (const lines of splitLines(await open(storage, batchKey(batch, 'input.jsonl'), range), batch.offset)) {
    for (const { bytes } of lines) {
      line++;
      const read = bytes && readLine(bytes.toString(), null);
      if (!read || 'code' in read) continue;
      const { custom_id, url } = read;
      const ended = batch.rest === 'batch_cancelled' ? 'cancelled' : 'failed';
      const status = batch.rest === 'batch_expired' ? 'expired' : ended;
      yield {
        line,
        custom_id,
        generation: batch.generation,
        url,
        b64: false,
        status,
        ended_at: Date.now(),
        job: null,
        error,
      };
    }
  }
}

async function open(
  storage: Storage,
  key: string,
  range?: { readonly start: number; readonly end: number },
): Promise<Readable> {
  const object = await storage.get(key, range);
  if (!object) throw new StorageError('denied', `${key} is gone from the store`);
  return object.body;
}
