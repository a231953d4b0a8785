import type { FileRecord } from '@rendermill/shared/domain/files';
import type { Batch } from '@rendermill/shared/domain/batch';
import { batchDocument, readBatchDocument, type BatchState } from '@rendermill/shared/domain/batch-document';
import { derivedFileId } from '@rendermill/shared/domain/ids';
import { batchKey } from '@rendermill/shared/domain/object-keys';
import type { WorkerDeps } from '../deps.js';
import { readText } from '../use-cases/read-text.js';

/** Names of a batch's output and error file in one of its generations. */
export function outputNames(generation: number): { readonly output: string; readonly errors: string } {
  const suffix = generation === 1 ? '' : `.${generation}`;
  return { output: `output${suffix}.jsonl`, errors: `errors${suffix}.jsonl` };
}

/** What a batch's file is called in `/v1/files`. */
export const outputFileId = (batch: Pick<Batch, 'id'>, name: string): string => derivedFileId(`${batch.id}|${name}`);

/** Writes how the batch stands into its `batch.json`, so that it can be rebuilt as that. */
export async function saveBatch(deps: WorkerDeps, batch: Batch): Promise<void> {
  const index = await deps.batches.index(batch.id);
  const files = await filesOf(deps, batch);
  // The ledger forgets which lines a retry was for as soon as they are marked.
  const retry = batch.retry ?? (batch.generation === 1 ? null : await retryOf(deps, batch));
  const document = batchDocument(batch, { index, files, retry });
  await deps.storage.put(
    batchKey(batch, 'batch.json'),
    Buffer.from(`${JSON.stringify(document)}\n`),
    'application/json',
  );
}

async function filesOf(deps: WorkerDeps, batch: Batch): Promise<FileRecord[]> {
  const names = Array.from({ length: batch.generation }, (_, i) => Object.values(outputNames(i + 1))).flat();
  const found = names.map(async (name) => deps.files.get(batch.project, outputFileId(batch, name)));
  return (await Promise.all(found)).filter((file) => file !== null);
}

async function retryOf(deps: WorkerDeps, batch: Batch): Promise<BatchState['retry']> {
  const text = await readText(deps.storage, batchKey(batch, 'batch.json'));
  const state = text === null ? null : readBatchDocument(text).state;
  return state?.generation === batch.generation ? state.retry : null;
}

/** What was decided about a batch: as soon as it changes, the bucket is told. */
export function decisions(batch: Batch): string {
  const { generation, retry, paused_at, rest, rest_kept, max_cost } = batch;
  return JSON.stringify([generation, retry, paused_at, rest, rest_kept, max_cost, batch.status === 'cancelling']);
}

/** Nothing was: `batch.json` as it was submitted says all. */
export const undecided = (batch: Batch): string =>
  decisions({
    ...batch,
    generation: 1,
    retry: null,
    paused_at: null,
    rest: null,
    rest_kept: false,
    status: 'in_progress',
  });
