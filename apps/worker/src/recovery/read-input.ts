import { indexEvery } from '@rendermill/shared/adapters/redis/batch-ledger';
import type { BatchSpec } from '@rendermill/shared/domain/batch';
import { batchKey } from '@rendermill/shared/domain/object-keys';
import { splitLines } from '@rendermill/shared/streams/split-lines';
import type { RecoveryDeps } from './deps.js';

/** How many lines `input.jsonl` has, and where every so-manieth begins; null where there is none yet. */
export async function readInput(
  { storage }: Pick<RecoveryDeps, 'storage'>,
  spec: BatchSpec,
): Promise<{ readonly total: number; readonly index: readonly number[] } | null> {
  const object = await storage.get(batchKey(spec, 'input.jsonl'));
  if (!object) return null;
  const index: number[] = [];
  let total = 0;
  let offset = 0;
  for await (const lines of splitLines(object.body as AsyncIterable<Buffer>)) {
    for (const { next } of lines) {
      if (total % indexEvery === 0) index.push(offset);
      total++;
      offset = next;
    }
  }
  return { total, index };
}
