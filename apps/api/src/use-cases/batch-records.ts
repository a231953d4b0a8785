import type { Readable } from 'node:stream';
import type { BatchMoment } from '@rendermill/shared/adapters/redis/batch-reader';
import type { BatchPart } from '@rendermill/shared/adapters/redis/batch-store';
import { isEnded, lineState, type Batch, type LineRecord } from '@rendermill/shared/domain/batch';
import { readLine } from '@rendermill/shared/domain/batch-line';
import { neverBegun } from '@rendermill/shared/domain/never-begun';
import { batchKey } from '@rendermill/shared/domain/object-keys';
import { StorageError } from '@rendermill/shared/ports/storage';
import { splitLines } from '@rendermill/shared/streams/split-lines';
import type { ApiDeps } from '../deps.js';

/** Records of a batch's ended lines, read as they lie: what is held is a chunk of one part. */
type Deps = Pick<ApiDeps, 'storage' | 'batchReader'>;

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

/** The log from its beginning: a record each time that a line ended. */
export async function* loggedLines(deps: Deps, moment: BatchMoment): AsyncGenerator<LineRecord> {
  for (const part of moment.parts) yield* partRecords(deps, moment.batch, part);
  for (const row of moment.results) yield JSON.parse(row) as LineRecord;
}

export async function* partRecords(
  deps: Pick<Deps, 'storage'>,
  batch: Batch,
  { name }: BatchPart,
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
async function* neverBegunLines(deps: Pick<Deps, 'storage'>, batch: Batch): AsyncGenerator<LineRecord> {
  const end = neverBegun(batch);
  if (!end || batch.cursor >= batch.total) return;
  let line = batch.cursor;
  const range = { start: batch.offset, end: Number.MAX_SAFE_INTEGER };
  for await (const lines of splitLines(await openObject(deps, batchKey(batch, 'input.jsonl'), range), batch.offset)) {
    for (const { bytes } of lines) {
      line++;
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
  deps: Pick<Deps, 'storage'>,
  key: string,
  range?: { readonly start: number; readonly end: number },
): Promise<Readable> {
  const object = await deps.storage.get(key, range);
  if (!object) throw new StorageError('denied', `${key} is gone from the store`);
  return object.body;
}
