import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { batchRows, batchStore, endedBatch, line } from '../../../test/batches.js';
import { startApp, type AppProcess } from '../../../test/processes.js';
import { until } from '../../../test/until.js';
import { createWorld, type World } from '../../../test/world.js';

/** kill -9 of whoever leads and renders a batch, again and again. */

const lines = 600;
let world: World;
const workers: AppProcess[] = [];
const start = async (): Promise<void> => void workers.push(await startApp('worker', world.env));

beforeAll(async () => {
  world = await createWorld({
    worker: false,
    simulator: ['--latency', '20', '--pool', '3k'],
    account: { limits: { concurrency: 10 } },
  });
});
afterAll(async () => {
  await Promise.all(workers.map(async (worker) => worker.kill('SIGKILL')));
  await world.close();
});

/** The API dies in an upload, and another the moment it has answered: what was answered stands, and nothing else. */
async function submitByDyingApi(rows: readonly string[]): Promise<string> {
  const call = async (app: AppProcess, path: string, body: FormData | string): Promise<{ id: string }> => {
    const headers = {
      authorization: `Bearer ${world.key}`,
      ...(typeof body === 'string' ? { 'content-type': 'application/json' } : {}),
    };
    const response = await fetch(`${app.url}${path}`, { method: 'POST', headers, body });
    return (await response.json()) as { id: string };
  };
  const form = (): FormData => {
    const data = new FormData();
    data.set('purpose', 'batch');
    data.set('file', new Blob([rows.map((row) => `${row}\n`).join('')]), 'lines.jsonl');
    return data;
  };
  const first = await startApp('api', world.env);
  const broken = call(first, '/v1/files', form()).then(
    () => 'answered',
    () => 'broken off',
  );
  await first.kill('SIGKILL');
  expect(['answered', 'broken off']).toContain(await broken);
  const second = await startApp('api', world.env);
  const { id: input_file_id } = await call(second, '/v1/files', form());
  const body = JSON.stringify({ input_file_id, webhook_url: world.receiver.url });
  const { id } = await call(second, '/v1/batches', body);
  await second.kill('SIGKILL');
  return id;
}

test('every line is in output or error file once, every charge in our books and within the cap, and one event tells', async () => {
  const store = batchStore(world);
  await Promise.all([start(), start()]);
  const rows = Array.from({ length: lines }, (_, i) =>
    line(
      `k${i}`,
      i % 50 === 49 ? { prompt: `killed ${i}`, size: '7x7', model: 'gpt-image-1' } : { prompt: `killed ${i}` },
    ),
  );
  const id = await submitByDyingApi(rows);
  const done = async (): Promise<number> => {
    const batch = await store.get('default', id);
    return (batch?.completed ?? 0) + (batch?.failed ?? 0);
  };
  for (const share of [0.1, 0.6]) {
    await until(async () => (await done()) >= lines * share);
    // The oldest leads, unless it has been killed.
    await workers.shift()?.kill('SIGKILL');
    await start();
  }
  const batch = await endedBatch(world, id);
  expect([batch.status, batch.completed, batch.failed]).toEqual(['completed', lines * 0.98, lines * 0.02]);

  const output = await batchRows(world, batch, 'output.jsonl');
  const errors = await batchRows(world, batch, 'errors.jsonl');
  expect([output.length, errors.length]).toEqual([batch.completed, batch.failed]);
  expect(new Set([...output, ...errors].map(({ custom_id }) => custom_id)).size).toBe(lines);

  const charges = new Map<string, number>();
  for (const { charged, prompt } of await world.simulator.ledger())
    if (charged) charges.set(prompt ?? '', (charges.get(prompt ?? '') ?? 0) + 1);
  const manifest = await batchRows(world, batch, 'manifest.jsonl');
  for (const row of manifest) {
    const job = row['job'] as { request: { prompt: string }; paid_attempts: number } | null;
    if (!job) continue;
    expect(charges.get(job.request.prompt) ?? 0).toBeLessThanOrEqual(job.paid_attempts);
    expect(job.paid_attempts).toBeLessThanOrEqual(2);
  }
  const completions = () =>
    world.receiver.received.filter(({ event }) => event.data['id'] === id && event.type === 'batch.completed');
  await until(() => completions().length > 0);
  expect(new Set(completions().map(({ event }) => event.id)).size).toBe(1);
}, 300_000);
