import { BatchStore } from '@rendermill/shared/adapters/redis/batch-store';
import { ScriptRunner } from '@rendermill/shared/adapters/redis/scripts';
import { isEnded, type Batch, type BatchSpec } from '@rendermill/shared/domain/batch';
import { newId } from '@rendermill/shared/domain/ids';
import { batchKey } from '@rendermill/shared/domain/object-keys';
import { until } from './until.js';
import type { World } from './world.js';

/** Batches in tests. */

export const line = (custom_id: string, body: Record<string, unknown>, url = '/v1/images/generations'): string =>
  JSON.stringify({ custom_id, method: 'POST', url, body });

export const batchStore = (world: World): BatchStore =>
  new BatchStore(new ScriptRunner(world.redis, world.prefix.slice(1, -2)));

/** Submits lines as they stand in `input.jsonl`; answers the batch's id. */
export async function submitLines(
  world: World,
  lines: readonly string[],
  over: Partial<BatchSpec> = {},
): Promise<string> {
  const id = newId('batch');
  const spec: BatchSpec = {
    id,
    project: 'default',
    key_id: 'admin',
    mode: 'live',
    source: { kind: 'requests' },
    input_file_id: null,
    endpoint: null,
    completion_window: '24h',
    metadata: null,
    priority: 'low',
    on_unknown_outcome: 'retry',
    max_cost: null,
    deadline: null,
    output_ttl: null,
    webhook_url: null,
    public_url: world.url,
    created_at: Date.now(),
    request_id: 'req_test',
    ...over,
  };
  await world.storage.put(batchKey(spec, 'input.jsonl'), Buffer.from(`${lines.join('\n')}\n`), 'application/jsonl');
  await batchStore(world).submit(spec, { key: '', fingerprint: '' });
  return id;
}

export async function endedBatch(world: World, id: string): Promise<Batch> {
  const store = batchStore(world);
  await until(async () => isEnded((await store.get('default', id))?.status ?? 'validating'));
  const batch = await store.get('default', id);
  if (!batch) throw new Error(`batch ${id} is gone`);
  return batch;
}

/** The rows of one of a batch's files; none where there is no such file. */
export async function batchRows(world: World, batch: Batch, name: string): Promise<Record<string, unknown>[]> {
  const object = await world.storage.get(batchKey(batch, name));
  if (!object) return [];
  let text = '';
  for await (const chunk of object.body) text += String(chunk);
  return text
    .trim()
    .split('\n')
    .map((row) => JSON.parse(row) as Record<string, unknown>);
}
