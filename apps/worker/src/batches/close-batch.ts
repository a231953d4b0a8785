import { Readable } from 'node:stream';
import { linesDone, type Batch, type BatchStatus } from '@rendermill/shared/domain/batch';
import { batchEvent, eventOfEnd } from '@rendermill/shared/domain/batch-events';
import { batchKey } from '@rendermill/shared/domain/object-keys';
import type { BatchMoment } from '@rendermill/shared/adapters/redis/batch-reader';
import { endedLines } from '@rendermill/shared/batches/log';
import type { WorkerDeps } from '../deps.js';
import { keepStoring } from '../use-cases/keep-storing.js';
import { flushResults } from './flush-results.js';
import { errorLine, outputLine } from './output-lines.js';
import { outputFileId, outputNames, saveBatch } from './save-batch.js';

/** How long output and error file stay where the batch does not say. */
const fileSeconds = 30 * 86_400;

/**
 * Ends a batch of which nothing is under way: its last records into the bucket, then manifest, output and error file, made
 * from the parts as they are read; then its end, its counts and its event in one script. A crash at any line: again.
 */
export async function closeBatch(deps: WorkerDeps, batch: Batch): Promise<void> {
  const startedAt = Date.now();
  while (await keepStoring(deps, batch.id, async () => flushResults(deps, batch, true)));
  const status = endOf(batch);
  const left = batch.total - linesDone(batch);
  // A retry's lines that were not run again failed before.
  const failed = status === 'cancelled' ? batch.again : left;
  const counts = { failed: batch.failed + failed, cancelled: batch.cancelled + left - failed };
  const ended = { ...batch, ...counts, status, times: { ...batch.times, [status]: Date.now() } };
  const seconds = batch.output_ttl ?? fileSeconds;
  const expires = Math.floor(Date.now() / 1_000) + seconds;
  const log = await deps.batchReader.moment(batch.id);
  if (!log) return;
  const moment = { ...log, batch: ended };
  const names = outputNames(batch.generation);

  const bad = ended.failed + ended.cancelled;
  const output = ended.completed > 0 ? await write(deps, moment, names.output, expires, goodLines) : null;
  const errors = bad > 0 ? await write(deps, moment, names.errors, expires, badLines) : null;
  if (batch.total > 0) await write(deps, moment, 'manifest.jsonl', null, everyLine);

  const type = eventOfEnd[status];
  if (!type) throw new Error(`a batch does not end as ${status}`);
  const event = batchEvent({ ...ended, output_file_id: output, error_file_id: errors }, type);
  if (!(await deps.batches.close(batch, status, { output, errors }, left, event))) return;
  const { total, completed, cancelled } = ended;
  deps.metrics.batches.inc({ status });
  deps.log.info(
    {
      batch: batch.id,
      project: batch.project,
      key: batch.key_id,
      request_id: batch.request_id,
      status,
      generation: batch.generation,
      model: batch.model,
      total,
      completed,
      failed: ended.failed,
      cancelled,
      cost_micros: batch.cost.actual,
      paid_twice: batch.cost.twice.attempts,
      total_ms: Date.now() - batch.created_at,
      closing_ms: Date.now() - startedAt,
    },
    'batch.finished',
  );
  // After its end, never before: one that is rebuilt as running ends again, with the same event.
  const closed = await deps.batchStore.get(batch.project, batch.id);
  if (closed) await keepStoring(deps, batch.id, async () => saveBatch(deps, closed));
}

function endOf({ rest }: Batch): BatchStatus {
  if (rest === 'batch_cancelled') return 'cancelled';
  return rest === 'batch_expired' ? 'expired' : 'completed';
}

type Lines = (deps: WorkerDeps, moment: BatchMoment, expires: number) => AsyncGenerator<Buffer, void, undefined>;

/** Writes one of a batch's files. With an `expires` (unix seconds) it is one of `/v1/files` too: then its id is answered. */
async function write(
  deps: WorkerDeps,
  moment: BatchMoment,
  name: string,
  expires: number | null,
  lines: Lines,
): Promise<string | null> {
  const { batch } = moment;
  const key = batchKey(batch, name);
  const bytes = await keepStoring(deps, key, async () => {
    let written = 0;
    const counted = async function* (): AsyncGenerator<Buffer> {
      for await (const chunk of gathered(lines(deps, moment, expires ?? 0))) {
        written += chunk.length;
        yield chunk;
      }
    };
    await deps.storage.put(key, Readable.from(counted(), { objectMode: false }), 'application/jsonl');
    return written;
  });
  if (expires === null) return null;
  const id = outputFileId(batch, name);
  const file = {
    id,
    project: batch.project,
    key,
    bytes,
    filename: `${batch.id}_${name}`,
    purpose: 'batch_output' as const,
    created_at: Date.now(),
    expires_at: expires * 1_000,
  };
  await deps.files.save(file, { key: '', fingerprint: '' });
  return id;
}

/** Larger pieces: a line is small, and there are a million of them. */
async function* gathered(lines: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let bytes = 0;
  for await (const line of lines) {
    held.push(line);
    bytes += line.length;
    if (bytes < 256 * 1024) continue;
    yield Buffer.concat(held);
    [held, bytes] = [[], 0];
  }
  if (bytes > 0) yield Buffer.concat(held);
}

async function* goodLines(
  deps: WorkerDeps,
  moment: BatchMoment,
  expires: number,
): AsyncGenerator<Buffer, void, undefined> {
  const { storage, secret } = deps;
  for await (const record of endedLines(deps, moment)) {
    if (record.status === 'completed') yield* outputLine(storage, moment.batch, record, { secret, expires });
  }
}

async function* badLines(deps: WorkerDeps, moment: BatchMoment): AsyncGenerator<Buffer, void, undefined> {
  for await (const record of endedLines(deps, moment)) {
    if (record.status !== 'completed') yield errorLine(moment.batch, record);
  }
}

async function* everyLine(deps: WorkerDeps, moment: BatchMoment): AsyncGenerator<Buffer, void, undefined> {
  for await (const record of endedLines(deps, moment)) yield Buffer.from(`${JSON.stringify(record)}\n`);
}
