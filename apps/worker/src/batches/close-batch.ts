import { Readable } from 'node:stream';
import { linesDone, type Batch, type BatchStatus } from '@rendermill/shared/domain/batch';
import { batchEvent, eventOfEnd } from '@rendermill/shared/domain/batch-events';
import { derivedFileId } from '@rendermill/shared/domain/ids';
import { batchKey } from '@rendermill/shared/domain/object-keys';
import type { BatchPart } from '@rendermill/shared/adapters/redis/batch-store';
import type { WorkerDeps } from '../deps.js';
import { keepStoring } from '../use-cases/keep-storing.js';
import { batchRecords } from './batch-records.js';
import { flushResults } from './flush-results.js';
import { errorLine, outputLine } from './output-lines.js';

/** How long output and error file stay where the batch does not say. */
const fileSeconds = 30 * 86_400;

/**
 * Ends a batch of which nothing is under way: its last records into the bucket, then manifest, output and error file, made
 * from the parts as they are read; then its end, its counts and its event in one script. A crash at any line: again.
 */
export async function closeBatch(deps: WorkerDeps, batch: Batch): Promise<void> {
  while (await keepStoring(deps, batch.id, async () => flushResults(deps, batch, true)));
  const status = endOf(batch);
  const left = batch.total - linesDone(batch);
  const counts = status === 'cancelled' ? { cancelled: batch.cancelled + left } : { failed: batch.failed + left };
  const ended = { ...batch, ...counts, status };
  const seconds = batch.output_ttl ?? fileSeconds;
  const expires = Math.floor(Date.now() / 1_000) + seconds;
  const parts = await deps.batchStore.parts(batch.id);
  const suffix = batch.generation === 1 ? '' : `.${batch.generation}`;

  const bad = ended.failed + ended.cancelled;
  const output =
    ended.completed > 0 ? await write(deps, ended, parts, `output${suffix}.jsonl`, expires, goodLines) : null;
  const errors = bad > 0 ? await write(deps, ended, parts, `errors${suffix}.jsonl`, expires, badLines) : null;
  if (batch.total > 0) await write(deps, ended, parts, 'manifest.jsonl', null, everyLine);

  const type = eventOfEnd[status];
  if (!type) throw new Error(`a batch does not end as ${status}`);
  const event = batchEvent({ ...ended, output_file_id: output, error_file_id: errors }, type);
  if (!(await deps.batches.close(batch, status, { output, errors }, left, event))) return;
  const { total, completed, failed, cancelled } = ended;
  deps.metrics.batches.inc({ status });
  deps.log.info(
    { batch: batch.id, project: batch.project, status, total, completed, failed, cancelled },
    'batch.finished',
  );
}

function endOf({ rest }: Batch): BatchStatus {
  if (rest === 'batch_cancelled') return 'cancelled';
  return rest === 'batch_expired' ? 'expired' : 'completed';
}

type Lines = (
  deps: WorkerDeps,
  batch: Batch,
  parts: readonly BatchPart[],
  expires: number,
) => AsyncGenerator<Buffer, void, undefined>;

/** Writes one of a batch's files. With an `expires` (unix seconds) it is one of `/v1/files` too: then its id is answered. */
async function write(
  deps: WorkerDeps,
  batch: Batch,
  parts: readonly BatchPart[],
  name: string,
  expires: number | null,
  lines: Lines,
): Promise<string | null> {
  const key = batchKey(batch, name);
  const bytes = await keepStoring(deps, key, async () => {
    let written = 0;
    const counted = async function* (): AsyncGenerator<Buffer> {
      for await (const chunk of gathered(lines(deps, batch, parts, expires ?? 0))) {
        written += chunk.length;
        yield chunk;
      }
    };
    await deps.storage.put(key, Readable.from(counted(), { objectMode: false }), 'application/jsonl');
    return written;
  });
  if (expires === null) return null;
  const id = derivedFileId(`${batch.id}|${name}`);
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
  { storage, secret }: WorkerDeps,
  batch: Batch,
  parts: readonly BatchPart[],
  expires: number,
): AsyncGenerator<Buffer, void, undefined> {
  for await (const record of batchRecords(storage, batch, parts)) {
    if (record.status === 'completed') yield* outputLine(storage, batch, record, { secret, expires });
  }
}

async function* badLines(
  { storage }: WorkerDeps,
  batch: Batch,
  parts: readonly BatchPart[],
): AsyncGenerator<Buffer, void, undefined> {
  for await (const record of batchRecords(storage, batch, parts)) {
    if (record.status !== 'completed') yield errorLine(batch, record);
  }
}

async function* everyLine(
  { storage }: WorkerDeps,
  batch: Batch,
  parts: readonly BatchPart[],
): AsyncGenerator<Buffer, void, undefined> {
  for await (const record of batchRecords(storage, batch, parts)) yield Buffer.from(`${JSON.stringify(record)}\n`);
}
