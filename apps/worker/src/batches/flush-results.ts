import type { BatchPart } from '@rendermill/shared/adapters/redis/batch-store';
import { lineJobId, type Batch, type LineRecord } from '@rendermill/shared/domain/batch';
import { newId } from '@rendermill/shared/domain/ids';
import { batchKey } from '@rendermill/shared/domain/object-keys';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import type { WorkerDeps } from '../deps.js';

/** Records in one part. */
const partRecords = 500;

/**
 * Moves the records of ended lines from Redis to the bucket, a part at a time, and their jobs out of Redis. `all`: a part
 * need not be full. Answers true where there may be more. A part that was written and not told of is never looked at.
 */
export async function flushResults(deps: WorkerDeps, batch: Batch, all: boolean): Promise<boolean> {
  const rows = await deps.batches.results(batch.id, partRecords);
  if (rows.length === 0 || (rows.length < partRecords && !all)) return false;
  const records = rows.map((row) => JSON.parse(row) as LineRecord);
  const lines = records.map(({ line }) => line);
  const part: BatchPart = {
    name: `parts/${Date.now()}-${newId('prt')}.jsonl`,
    generation: batch.generation,
    records: rows.length,
    lines: [Math.min(...lines), Math.max(...lines)],
  };
  await deps.storage.put(batchKey(batch, part.name), Buffer.from(`${rows.join('\n')}\n`), 'application/jsonl');
  const jobs = records.map((record) => ({ id: lineJobId(batch.id, record.line), stays: mustStay(record) }));
  return (await deps.batches.flushed(batch.id, part, jobs)) && rows.length === partRecords;
}

/** What may have been billed is claimed by its job; pictures that the store refused are stored by a retry. */
function mustStay({ job, error }: LineRecord): boolean {
  const { attempts = [] } = (job ?? {}) as Partial<PresentedJob>;
  return error?.code === 'storage_denied' || attempts.some(({ outcome }) => outcome === 'unknown' || outcome === null);
}
