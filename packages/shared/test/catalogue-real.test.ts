import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import iconv from 'iconv-lite';
import { describe, expect, test } from '@jest/globals';
import { coerceScalars } from '@rendermill/shared/catalogue/coerce-scalars';
import { jobSchema, parseBody } from '@rendermill/shared/domain/request-body';
import { catalogueOptions } from '@rendermill/shared/catalogue/options';
import { lines } from './catalogue-world.js';

const file = (name: string) => createReadStream(new URL(`fixtures/catalogues/${name}`, import.meta.url));

const templates = {
  shopify: {
    custom_id: '{{ Handle }}/{{ row["Option1 Value"] | handleize }}',
    prompt: 'Photo of {{ Title }}. {{ body_html | strip_html }}',
    n: '{{ row["Image Position"] | default: 1 }}',
  },
  spree: { custom_id: '{{ sku }}-{{ currency }}', prompt: '{{ slug }} {{ name }}' },
  medusa: { custom_id: '{{ row["Product Id"] }}-{{ row["Variant Id"] }}', prompt: '{{ row["Product Title"] }}' },
  bagisto: { custom_id: '{{ sku }}', prompt: '{{ name }} {{ description | strip_html | truncatewords: 5 }}' },
};

describe('exports of real shops', () => {
  test.each([
    ['shopify-packt-product-data.csv', templates.shopify, 21, 0],
    ['spree-products.csv', templates.spree, 211, 1],
    ['medusa-exported-semicolon.csv', templates.medusa, 3, 0],
    ['bagisto-products-with-errors.csv', templates.bagisto, 2, 0],
    ['bagisto-products.csv', templates.bagisto, 11, 0],
  ])('every row of %s is read, with the ids that it has', async (name, template, rows, repeated) => {
    const all = await lines(file(name), { template });
    expect(all.map((line) => line.row)).toEqual(Array.from({ length: rows }, (_, at) => at + 1));
    expect(all.filter((line) => 'error' in line)).toEqual([]);
    const ids = new Set(all.map((line) => ('custom_id' in line ? line.custom_id : null)));
    expect(ids.size).toBe(rows - repeated);
  });

  test('what comes out is a job body when its scalars are coerced', async () => {
    const all = await lines(file('shopify-packt-product-data.csv'), { template: templates.shopify });
    const jobs = all.map((line) => {
      if (!('body' in line)) throw new Error(JSON.stringify(line));
      return parseBody(jobSchema, { ...coerceScalars(line.body), custom_id: line.custom_id });
    });
    expect(jobs[0]).toMatchObject({ type: 'generation', n: 1, custom_id: 'floor-lamp/default-title' });
    expect(jobs[0]?.prompt).toBe('Photo of Floor Lamp. Black floor lamp');
  });

  test.each([
    ['shopify-packt-product-data.csv', templates.shopify, 'Handle', 20],
    ['medusa-exported-semicolon.csv', templates.medusa, 'Product Handle', 2],
  ])('the rows of %s fold into products', async (name, template, group_by, products) => {
    const all = await lines(file(name), { template, group_by });
    expect(all.filter((line) => 'body' in line)).toHaveLength(products);
  });

  test('rows of a product that come again far below make none where `when` asks for its name', async () => {
    const template = { ...templates.spree, when: 'name' };
    const all = await lines(file('spree-products.csv'), { template, group_by: 'slug' });
    expect(all.filter((line) => 'body' in line)).toHaveLength(37);
    expect(all.filter((line) => 'skipped' in line)).toHaveLength(37);
  });
});

test('the example of the docs works', async () => {
  const page = await readFile(new URL('../../../docs/catalogues.md', import.meta.url), 'utf8');
  const options = catalogueOptions.parse(JSON.parse(/```json\n(.*?)```/s.exec(page)?.[1] ?? ''));
  const csv = [
    'Handle;Title;Body (HTML);Image Src;Status;Vendor;pictures',
    'cup;カップ;<p>白い</p>;https://x/1.jpg;active;Anna;2',
    'cup;;;https://x/2.jpg;;;',
    'mug;マグ;;https://x/3.jpg;draft;;',
  ].join('\n');
  expect(await lines(iconv.encode(csv, 'shift_jis'), options)).toEqual([
    {
      row: 1,
      custom_id: 'cup',
      body: {
        prompt: 'カップ on a white table. 白い',
        images: ['https://x/1.jpg', 'https://x/2.jpg'],
        size: '1024x1024',
        n: '2',
        metadata: { vendor: 'Anna' },
        type: 'edit',
      },
    },
    { row: 3, skipped: true },
  ]);
});
