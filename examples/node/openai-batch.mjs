// OpenAI's Batch API by OpenAI's SDK as it comes from npm: only baseURL and apiKey are Rendermill's.
//
//   npm install openai
//   node openai-batch.mjs      → SKU-1.png, SKU-2.png, SKU-3.png
import { writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { env, stderr, stdout } from 'node:process';
import OpenAI, { toFile } from 'openai';

const client = new OpenAI({
  baseURL: `${env.RENDERMILL_URL ?? 'http://127.0.0.1:8080'}/v1`,
  apiKey: env.RENDERMILL_API_KEY,
});

const products = { 'SKU-1': 'A red enamel mug', 'SKU-2': 'A green teapot', 'SKU-3': 'A walnut tray' };
const endpoint = '/v1/images/generations';
const lines = Object.entries(products).map(([custom_id, product]) => {
  const body = { model: 'gpt-image-1', prompt: `${product}, white studio`, quality: 'low' };
  return JSON.stringify({ custom_id, method: 'POST', url: endpoint, body });
});

const file = await toFile(Buffer.from(lines.join('\n')), 'products.jsonl');
const input = await client.files.create({ file, purpose: 'batch' });
let batch = await client.batches.create({ input_file_id: input.id, endpoint, completion_window: '24h' });
while (['validating', 'in_progress', 'finalizing'].includes(batch.status)) {
  await setTimeout(1_000);
  batch = await client.batches.retrieve(batch.id);
}
const { completed, total } = batch.request_counts;
stdout.write(`${batch.id} ${batch.status}: ${completed} of ${total}\n`);

const rows = async (id) => {
  if (!id) return [];
  const text = await (await client.files.content(id)).text();
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
};

// The lines come in no promised order: custom_id says which is which. The links need no key and live as long as the file.
for (const { custom_id, response } of await rows(batch.output_file_id)) {
  const picture = await fetch(response.body.data[0].url);
  if (!picture.ok) throw new Error(`${custom_id}: ${picture.status}`);
  await writeFile(`${custom_id}.png`, Buffer.from(await picture.arrayBuffer()));
}

for (const { custom_id, response, error } of await rows(batch.error_file_id)) {
  stderr.write(`${custom_id}: ${(error ?? response.body.error).message}\n`);
}
