import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { batchStatuses } from '@rendermill/shared/domain/batch';
import { createBatch, endedBatch, line, upload, type BatchAnswer } from '../batch-calls.js';
import { createWorld, type World } from '../world.js';
import { callsFor } from './support.js';

/** docs/batches.md, held against what it describes: its lines are sent, and its samples have the keys of real answers. */
let world: World;
let page: string;
let batch: BatchAnswer;

beforeAll(async () => {
  page = await readFile(new URL('../../docs/batches.md', import.meta.url), 'utf8');
  world = await createWorld();
  const lines = /^```jsonl\n(.*?)^```$/ms.exec(page)?.[1] ?? '';
  const input_file_id = await upload(world, lines, 'lines.jsonl');
  batch = await endedBatch(world, (await createBatch(world, { input_file_id })).id);
});
afterAll(async () => world.close());

/** The sample that stands under this comment. */
function sample(title: string): unknown {
  const found = new RegExp(`<!-- ${title} -->\\s+\`\`\`json\\n(.*?)\`\`\``, 's').exec(page);
  return JSON.parse(found?.[1] ?? 'null');
}

/** The keys of a value, and what kind of values they have; of a list the first item. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shape);
  if (typeof value !== 'object' || value === null) return value === null ? null : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shape(item)]));
}

async function firstRow(path: string): Promise<unknown> {
  const { body } = await world.call<string>('GET', path);
  return JSON.parse(body.split('\n')[0] ?? '');
}

test('of its two lines one becomes a picture and one an error', () => {
  expect([batch.status, batch.request_counts]).toEqual([
    'completed',
    { total: 2, completed: 1, failed: 1, cancelled: 0 },
  ]);
});

test.each([
  ['A line of the output file', () => `/v1/files/${batch.output_file_id}/content`],
  ['A line of the error file', () => `/v1/files/${batch.error_file_id}/content`],
])('%s is as it shows', async (title, path) => {
  const real = await firstRow(path());
  expect(shape(real)).toEqual(shape(sample(title)));
});

test('A row of the results is as it shows, and so is the head of the table', async () => {
  const { body } = await world.call<string>('GET', `/v1/batches/${batch.id}/results`);
  const rows = body
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text) as { line: number });
  expect(shape(rows.find((row) => row.line === 1))).toEqual(shape(sample('A row of the results')));
  const csv = (await world.call<string>('GET', `/v1/batches/${batch.id}/results?format=csv`)).body;
  const named = /the same as a table, (.*?)\./s.exec(page)?.[1] ?? '';
  expect([...named.matchAll(/`(\w+)`/g)].map(([, column]) => column).join()).toBe(csv.split('\n')[0]);
});

test('what max_cost left is run by a retry with a higher one, and what is done is not bought again', async () => {
  const prompt = 'over budget';
  const requests = Array.from({ length: 5 }, (_, i) => line(`budget ${i}`, { prompt }));
  const { id } = await createBatch(world, { requests, max_cost: 0.03 });
  const first = await endedBatch(world, id);
  expect([first.status, first.request_counts]).toMatchObject(['completed', { completed: 2, failed: 3 }]);
  await world.call('POST', `/v1/batches/${id}/retry`, { error_code: 'budget_exceeded', max_cost: 1 });
  expect((await endedBatch(world, id)).request_counts).toMatchObject({ completed: 5, failed: 0 });
  expect(await callsFor(world, prompt)).toHaveLength(5);
});

test('every field of a batch stands in it, and every status, and every place that it links to exists', async () => {
  const { body: document } = await world.call<{
    components?: unknown;
    paths: Record<string, { post: { requestBody: { content: Record<string, { schema: object }> } } }>;
  }>('GET', '/openapi.json');
  const schema = document.paths['/v1/batches']?.post.requestBody.content['application/json']?.schema;
  const { properties = {} } = (schema ?? {}) as { properties?: Record<string, unknown> };
  const fields = Object.keys(properties);
  expect(fields.length).toBeGreaterThan(10);
  expect(fields.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  expect(batchStatuses.filter((status) => !page.includes(` ${status}`))).toEqual([]);
  for (const [, path] of page.matchAll(/\]\((?!https?:|#)([^)#]+)/g))
    expect(await readFile(new URL(`../../docs/${path}`, import.meta.url), 'utf8')).not.toBe('');
});
