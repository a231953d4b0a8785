import { createReadStream } from 'node:fs';
import { catalogueOptions } from '@rendermill/shared/catalogue/options';
import { readCatalogue as readLines } from '@rendermill/shared/catalogue/read-catalogue';

/** A product of a Shopify export, with the prompt that its picture is made from. */
export interface Product {
  readonly sku: string;
  readonly title: string;
  readonly prompt: string;
}

const options = catalogueOptions.parse({
  template: {
    custom_id: '{{ row["Variant SKU"] | default: Handle }}',
    when: 'Title',
    prompt: [
      'Studio product photograph: {{ Title }}.',
      '{{ body_html | replace: "<", " <" | strip_html | squish }}',
      'One {{ Type | default: "product" | downcase }}, centred on a seamless light background,',
      'soft daylight from the left, gentle shadow, sharp focus, true colours. No text, no watermark, no people.',
    ].join(' '),
    metadata: { title: '{{ Title }}' },
  },
});

/** Reads a product export: one product per row that has a title. */
export async function readCatalogue(path: string): Promise<Product[]> {
  const products: Product[] = [];
  for await (const line of readLines(createReadStream(path), options)) {
    if ('skipped' in line) continue;
    if ('error' in line) throw new Error(line.error.message);
    const { prompt, metadata } = line.body as { prompt: string; metadata: { title: string } };
    products.push({ sku: line.custom_id, title: metadata.title, prompt });
  }
  return products;
}
