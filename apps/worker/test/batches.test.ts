import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { BatchStore } from '@rendermill/shared/adapters/redis/batch-store';
import { ScriptRunner } from '@rendermill/shared/adapters/redis/scripts';
import { isEnded, type Batch, type BatchSpec } from '@rendermill/shared/domain/batch';
import { newId } from '@rendermill/shared/domain/ids';
import { batchKey } from '@rendermill/shared/domain/object-keys';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

let world: World;
let store: BatchStore;
beforeAll(async () => {
  world = await createWorld({ account: { limits: { concurrency: 5 } } });
  store = new BatchStore(new ScriptRunner(world.redis, world.prefix.slice(1, -2)));
});
afterAll(async () => world.close());

const line = (custom_id: string, body: Record<string, unknown>, url = '/v1/images/generations') =>
  JSON.stringify({ custom_id, method: 'POST', url, body });

async function submit(lines: readonly string[], over: Partial<BatchSpec> = {}): Promise<string> {
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
  await store.submit(spec, { key: '', fingerprint: '' });
  return id;
}

async function ended(id: string): Promise<Batch> {
  await until(async () => isEnded((await store.get('default', id))?.status ?? 'validating'));
  const batch = await store.get('default', id);
  if (!batch) throw new Error('gone');
  return batch;
}

async function read(batch: Batch, name: string): Promise<Record<string, unknown>[]> {
  const object = await world.storage.get(batchKey(batch, name));
  if (!object) return [];
  let text = '';
  for await (const chunk of object.body) text += String(chunk);
  return text
    .trim()
    .split('\n')
    .map((row) => JSON.parse(row) as Record<string, unknown>);
}

test('every line becomes a picture or an error, once; the good, the bad and the ugly in one file', async () => {
  await world.simulator.faults([{ when: { promptIncludes: 'forbidden' }, fault: { kind: 'moderation_blocked' } }]);
  const lines = Array.from({ length: 60 }, (_, i) => line(`sku/${i}`, { prompt: `mug ${i}`, n: 1 }));
  lines.push(line('bad size', { prompt: 'x', size: '17x3', model: 'gpt-image-1' }), line('no prompt', {}));
  lines.push(line('blocked', { prompt: 'forbidden' }), line('b64', { prompt: 'inline', response_format: 'b64_json' }));
  const batch = await ended(await submit(lines));
  expect([batch.status, batch.total, batch.completed, batch.failed]).toEqual(['completed', 64, 61, 3]);
  const output = await read(batch, 'output.jsonl');
  const errors = await read(batch, 'errors.jsonl');
  expect([output.length, errors.length, (await read(batch, 'manifest.jsonl')).length]).toEqual([61, 3, 64]);
  expect(new Set([...output, ...errors].map(({ custom_id }) => custom_id)).size).toBe(64);
  console.log(JSON.stringify(output[0]), JSON.stringify(errors), JSON.stringify(output.find((o) => o['custom_id'] === 'b64')).slice(0, 300));
  console.log(JSON.stringify(batch));
});
