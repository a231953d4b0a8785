import type { Readable } from 'node:stream';
import type { BatchMoment, BatchReader } from '../adapters/redis/batch-reader.js';
import type { BatchPart } from '../adapters/redis/batch-store.js';
import { isEnded, lineState, type Batch, type LineRecord } from '../domain/batch.js';
import { readLine } from '../domain/batch-line.js';
import { neverBegun } from '../domain/never-begun.js';
import { batchKey } from '../domain/object-keys.js';
import { StorageError, type Storage } from '../ports/storage.js';
import { splitLines } from '../streams/split-lines.js';

/** Records of a batch's ended lines, read as they lie: what is held is a chunk of one part. */
interface Deps {
  readonly storage: Storage;
  readonly batchReader: BatchReader;
}

interface Reading {
  readonly storage: Pick<Storage, 'get'>;
}

/** One record for each line that has ended at this moment, the last of those that tell of it; about in the order of the lines. */
export async function* endedLines(deps: Deps, moment: BatchMoment): AsyncGenerator<LineRecord> {
  const { batch } = moment;
  const last = batch.generation === 1 ? null : await lastRecords(deps, moment);
  let position = 0;
  for await (const record of loggedLines(deps, moment)) {
    position++;
    if (last === null || last[record.line] === position) yield record;
  }
  yield* neverBegunLines(deps, batch);
}

/** The lines up to the last of those that are beyond the cursor and were begun: which of them were. */
async function begunBeyond(deps: Deps, { id, cursor, gaps }: Batch): Promise<Set<number>> {
  if (gaps <= cursor) return new Set();
  const states = await deps.batchReader.states(id, cursor + 1, gaps);
  return new Set(states.flatMap((state, i) => (state === lineState.waiting ? [] : [cursor + 1 + i])));
}

/** The log from its beginning: a record each time that a line ended. */
export async function* loggedLines(deps: Deps, moment: BatchMoment): AsyncGenerator<LineRecord> {
  for (const part of moment.parts) yield* partRecords(deps, moment.batch, part);
  for (const row of moment.results) yield JSON.parse(row) as LineRecord;
}

export async function* partRecords(
  deps: Reading,
  batch: Pick<Batch, 'id' | 'project'>,
  { name }: Pick<BatchPart, 'name'>,
): AsyncGenerator<LineRecord> {
  for await (const lines of splitLines(await openObject(deps, batchKey(batch, name)))) {
    for (const { bytes } of lines) if (bytes) yield JSON.parse(bytes.toString()) as LineRecord;
  }
}

/** By line: where in the log its last record stands (from 1), 0 for a line that is to end again. Four bytes a line. */
async function lastRecords(deps: Deps, moment: BatchMoment): Promise<Uint32Array> {
  const { batch } = moment;
  const last = new Uint32Array(batch.total + 1);
  let position = 0;
  for await (const { line } of loggedLines(deps, moment)) last[line] = ++position;
  if (isEnded(batch.status) || batch.total === 0) return last;
  for (const [i, state] of (await deps.batchReader.states(batch.id, 1, batch.total)).entries()) {
    if (state === lineState.open || state === lineState.again) last[i + 1] = 0;
  }
  return last;
}

/** Lines that an ended batch never came to. */
async function* neverBegunLines(deps: Deps, batch: Batch): AsyncGenerator<LineRecord> {
  const end = neverBegun(batch);
  if (!end || batch.cursor >= batch.total) return;
  const begun = await begunBeyond(deps, batch);
  let line = batch.cursor;
  const range = { start: batch.offset, end: Number.MAX_SAFE_INTEGER };
  for await (const lines of splitLines(await openObject(deps, batchKey(batch, 'input.jsonl'), range), batch.offset)) {
    for (const { bytes } of lines) {
      line++;
      if (begun.has(line)) continue;
      const read = bytes && readLine(bytes.toString(), batch.endpoint);
      if (read && !('code' in read)) yield neverBegunRecord(batch, line, read, end);
    }
  }
}

export function neverBegunRecord(
  batch: Batch,
  line: number,
  { custom_id, url }: { readonly custom_id: string; readonly url: string },
  end: Pick<LineRecord, 'status' | 'error'>,
): LineRecord {
  const { generation, times, status } = batch;
  return { line, custom_id, generation, url, b64: false, ...end, ended_at: times[status] ?? 0, job: null };
}

export async function openObject(
  deps: Reading,
  key: string,
  range?: { readonly start: number; readonly end: number },
): Promise<Readable> {
  const object = await deps.storage.get(key, range);
  if (!object) throw new StorageError('denied', `${key} is gone from the store`);
  return object.body;
}
