import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';

/** A product of a Shopify export, with the prompt that its picture is made from. */
export interface Product {
  readonly sku: string;
  readonly title: string;
  readonly prompt: string;
}

type Row = Readonly<Record<string, string>>;

/** Text of an HTML cell. */
function plain(html: string): string {
  return html
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

function promptOf(row: Row): string {
  return [
    `Studio product photograph: ${row['Title']}.`,
    plain(row['Body (HTML)'] ?? ''),
    `One ${(row['Type'] ?? 'product').toLowerCase()}, centred on a seamless light background, soft daylight from the left,`,
    'gentle shadow, sharp focus, true colours. No text, no watermark, no people.',
  ].join(' ');
}

/** Reads a product export: one product per row that has a title. */
export async function readCatalogue(path: string): Promise<Product[]> {
  const rows = parse<Row>(await readFile(path), { columns: true, bom: true, skip_empty_lines: true });
  return rows
    .filter((row) => row['Title'])
    .map((row) => ({
      sku: row['Variant SKU'] || (row['Handle'] ?? ''),
      title: row['Title'] ?? '',
      prompt: promptOf(row),
    }));
}
