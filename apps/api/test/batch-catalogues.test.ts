import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { createBatch, endedBatch, upload, type Refusal } from '../../../test/batch-calls.js';
import { createWorld, type World } from '../../../test/world.js';

/** A catalogue by the front door: previewed, estimated and submitted with one body, and the same lines in all three. */

const catalogue = `\uFEFFsku;title;state
1/a;"Mug, ""red""";active
1/b;Plate {curly};active
1/c;Bowl;draft
broken;too;many;cells
1/d;;active
`.replaceAll('\n', '\r\n');

const template = {
  custom_id: '{{ sku }}',
  prompt: '{{ title }}',
  when: "state == 'active'",
  model: 'gpt-image-1',
  size: '1024x1024',
  quality: 'low',
};

let world: World;
let body: { input_file_id: string; template: object };
beforeAll(async () => {
  world = await createWorld();
  body = { input_file_id: await upload(world, catalogue, 'products.csv'), template };
});
afterAll(async () => world.close());

test('a preview shows the rows as they would be sent, and what is wrong with those that cannot be', async () => {
  interface Row {
    custom_id: string | null;
    request: { prompt: string } | null;
    cost: { min: number } | null;
    error: { code: string } | null;
  }
  const answer = await world.call<{ data: Row[]; has_more: boolean }>('POST', '/v1/batches/preview', body);
  expect(answer.status).toBe(200);
  const shown = answer.body.data.map(({ custom_id, request, error }) => [custom_id, request?.prompt, error === null]);
  expect(shown).toEqual([
    ['1/a', 'Mug, "red"', true],
    ['1/b', 'Plate {curly}', true],
    [expect.any(String), undefined, false],
    ['1/d', undefined, false],
  ]);
  expect(answer.body.data[0]?.cost?.min).toBeCloseTo(0.011, 3);
});

test('an estimate is of the rows that would be bought, and counts the others', async () => {
  const answer = await world.call<{ lines: number; images: number; invalid_lines: { count: number } }>(
    'POST',
    '/v1/estimates',
    body,
  );
  expect([answer.status, answer.body]).toMatchObject([200, { lines: 4, images: 2, invalid_lines: { count: 2 } }]);
});

test('an estimate counts the rows that are left out, and a repeated id as the batch will', async () => {
  const rows = ['Handle,Title', 'mug,Mug', ',Nameless', 'cup,', 'mug,The mug again', 'bowl,Bowl'].join('\n');
  const given = {
    input_file_id: await upload(world, rows, 'repeated.csv'),
    template: { custom_id: '{{ Handle }}', prompt: '{{ Title }}', when: 'Title', model: 'gpt-image-1' },
  };
  const { body: estimate } = await world.call('POST', '/v1/estimates', given);
  expect(estimate).toMatchObject({
    lines: 4,
    images: 2,
    skipped_rows: 1,
    invalid_lines: {
      count: 2,
      first: [
        { line: 2 },
        {
          line: 4,
          custom_id: 'mug',
          error: { message: expect.stringMatching(/^Row 4 has the same id as row 1: "mug"/) },
        },
      ],
    },
  });
  const { body: preview } = await world.call<{ data: { error: unknown }[] }>('POST', '/v1/batches/preview', given);
  expect(preview.data.map(({ error }) => error === null)).toEqual([true, false, false, true]);
  const batch = await endedBatch(world, (await createBatch(world, given)).id);
  expect(batch.request_counts).toMatchObject({ total: 4, completed: 2, failed: 2 });
});

test('a batch makes a picture of each row that can be used, and a line of its error file of each that cannot', async () => {
  const batch = await endedBatch(world, (await createBatch(world, body)).id);
  expect([batch.status, batch.request_counts]).toMatchObject(['completed', { total: 4, completed: 2, failed: 2 }]);
  const { body: csv } = await world.call<string>('GET', `/v1/batches/${batch.id}/results?format=csv`);
  const rows: Record<string, string>[] = parse(csv, { columns: true });
  const good = rows.filter(({ status }) => status === 'completed').map(({ custom_id }) => custom_id);
  expect(new Set(good)).toEqual(new Set(['1/a', '1/b']));
});

test('a column that is not there is an error before anything is bought', async () => {
  const wrong = { ...body, template: { ...template, prompt: '{{ name }}' } };
  for (const path of ['/v1/batches/preview', '/v1/estimates']) {
    const answer = await world.call<Refusal>('POST', path, wrong);
    expect([path, answer.status, answer.body.error?.message]).toEqual([path, 400, expect.stringContaining('name')]);
  }
  const batch = await endedBatch(world, (await createBatch(world, wrong)).id);
  expect([batch.status, batch.errors?.data.length]).toEqual(['failed', 1]);
});

test('a template that is no Liquid is refused where it stands', async () => {
  const answer = await world.call<Refusal>('POST', '/v1/batches', {
    ...body,
    template: { ...template, prompt: '{{ x' },
  });
  expect([answer.status, answer.body.error.param]).toEqual([400, 'template.prompt']);
});
