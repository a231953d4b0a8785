import { lineState, type Batch, type LineRecord } from '@rendermill/shared/domain/batch';
import type { PresentedJob } from '@rendermill/shared/domain/present-job';
import type { WorkerDeps } from '../deps.js';
import { latestRecords } from './batch-records.js';

/** Lines marked in one script. */
const lotLines = 500;

/** Finds the lines that a retry is for by their records, and marks them: done again after a crash it marks the rest. */
export async function findAgain(deps: WorkerDeps, batch: Batch): Promise<void> {
  let lot: { line: number; images: readonly unknown[] }[] = [];
  let marked = 0;
  for await (const record of latestRecords(deps.storage, batch, await deps.batchStore.parts(batch.id))) {
    if (!isFor(batch, record)) continue;
    marked++;
    lot.push({ line: record.line, images: (record.job as Partial<PresentedJob> | null)?.images ?? [] });
    if (lot.length < lotLines) continue;
    if (!(await deps.batches.markAgain(batch.id, lot, false))) return;
    lot = [];
  }
  if (!(await deps.batches.markAgain(batch.id, lot, true))) return;
  deps.log.info({ batch: batch.id, project: batch.project, code: batch.retry, lines: marked }, 'batch.retried');
}

function isFor(batch: Batch, { status, error }: LineRecord): boolean {
  return status !== 'completed' && (batch.retry === '' || error?.code === batch.retry);
}

/** The first of a batch's lines that wait for being run again. */
export function linesAgain(states: Buffer, limit: number): number[] {
  const found: number[] = [];
  for (let i = 0; i < states.length && found.length < limit; i++) {
    const byte = states[i] ?? 0;
    if (byte >> 4 === lineState.again) found.push(2 * i + 1);
    if ((byte & 15) === lineState.again) found.push(2 * i + 2);
  }
  return found;
}
