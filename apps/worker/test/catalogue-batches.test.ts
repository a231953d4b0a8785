import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { createBatch, endedBatch, upload } from '../../../test/batch-calls.js';
import { createWorld, type World } from '../../../test/world.js';

/** A catalogue from the file to the pictures, by the front door. */

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(async () => world.close());

const fixture = (name: string) =>
  readFile(new URL(`../../../packages/shared/test/fixtures/catalogues/${name}`, import.meta.url), 'utf8');
const template = {
  custom_id: '{{ Handle }}',
  prompt: '{{ Title }} on a white table',
  model: 'gpt-image-1',
  quality: 'low',
  size: '1024x1024',
  n: '{{ Pictures | default: 1 }}',
};

const rows = async (id: string | null): Promise<Record<string, unknown>[]> => {
  if (id === null) return [];
  const { body } = await world.call<string>('GET', `/v1/files/${id}/content`);
  return body
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text) as Record<string, unknown>);
};

test("a real shop's export: one job a product, its variants folded, previewed and estimated as it is then made", async () => {
  const input_file_id = await upload(world, await fixture('shopify-packt-product-data.csv'), 'products.csv');
  const { n: _pictures, ...plain } = template;
  const body = { input_file_id, template: plain, group_by: 'Handle' };
  const preview = await world.call<{
    data: { custom_id: string; request: { prompt: string }; cost: { max: number } }[];
  }>('POST', '/v1/batches/preview?limit=3', body);
  const estimate = await world.call<{ lines: number; cost: { max: number } }>('POST', '/v1/estimates', body);
  const batch = await endedBatch(world, (await createBatch(world, body)).id);
  expect([batch.status, batch.request_counts.failed]).toEqual(['completed', 0]);
  expect(estimate.body.lines).toBe(batch.request_counts.total);
  const output = await rows(batch.output_file_id);
  expect(output).toHaveLength(batch.request_counts.total);
  const first = preview.body.data[0];
  const prompts = (await world.simulator.ledger()).map(({ prompt }) => prompt);
  expect(prompts).toContain(first?.request.prompt);
  expect(batch.cost.actual).toBeLessThanOrEqual(estimate.body.cost.max);
});

test('rows that cannot be used are errors of their own; the others are made; numbers come from text', async () => {
  const csv = [
    'Handle;Title;Pictures',
    'mug;A mug;2',
    'mug;The same mug;1',
    ';Nameless;1',
    'lamp;A lamp;many',
    '"vase;open quote;1',
    'bowl;A bowl;',
  ].join('\r\n');
  const input_file_id = await upload(world, csv, 'small.csv');
  const batch = await endedBatch(world, (await createBatch(world, { input_file_id, template })).id);
  expect([batch.status, batch.request_counts]).toMatchObject([
    'completed',
    { total: 6, completed: 2, failed: 4, cancelled: 0 },
  ]);
  const errors = await rows(batch.error_file_id);
  const messages = errors.map(
    (row) => (row['response'] as { body: { error: { message: string } } }).body.error.message,
  );
  expect(messages[0]).toMatch(/^Row 2 has the same id as row 1: "mug"/);
  expect(messages.join('\n')).toMatch(/custom_id/);
  expect(messages.join('\n')).toMatch(/n: /);
  expect(messages.join('\n')).toMatch(/quote/);
  const made = (await rows(batch.output_file_id)).map(
    (row) => [row['custom_id'], (row['response'] as { body: { data: unknown[] } }).body.data.length] as const,
  );
  expect(new Map(made)).toEqual(
    new Map([
      ['mug', 2],
      ['bowl', 1],
    ]),
  );
});

test('a column that the file has not fails the batch before anything is bought, and says which there are', async () => {
  const before = (await world.simulator.stats()).requests;
  const input_file_id = await upload(world, 'Handle,Title\na,b\n', 'typo.csv');
  const created = await createBatch(world, { input_file_id, template: { ...template, prompt: '{{ Titel }}' } });
  const batch = await endedBatch(world, created.id);
  expect([batch.status, batch.errors?.data[0]]).toMatchObject([
    'failed',
    { message: expect.stringContaining('Title') as unknown },
  ]);
  expect((await world.simulator.stats()).requests).toBe(before);
});

test('one that its template does not fit fails its batch, however slow the store is to begin with its copy', async () => {
  const store = Object.getPrototypeOf(world.storage) as World['storage'];
  const put: World['storage']['put'] = Reflect.get(store, 'put');
  const slow = jest.spyOn(store, 'put').mockImplementation(async function (this: World['storage'], ...object) {
    if (!(object[1] instanceof Uint8Array)) await setTimeout(100);
    return put.apply(this, object);
  });
  const input_file_id = await upload(world, 'Handle,Title\nmug,A mug\n', 'products.csv');
  const made = await createBatch(world, { input_file_id, template });
  const batch = await endedBatch(world, made.id);
  slow.mockRestore();
  expect([batch.status, batch.errors?.data[0]?.code]).toEqual(['failed', 'invalid_parameter']);
  // Nothing ended the worker: the next is made.
  const next = await upload(world, 'Handle,Title,Pictures\nmug,A mug,1\n', 'products.csv');
  expect((await endedBatch(world, (await createBatch(world, { input_file_id: next, template })).id)).status).toBe(
    'completed',
  );
});
