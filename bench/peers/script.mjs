// Peer A, the script that the relays' documents teach: the openai SDK as it comes (two retries of its own), p-limit at
// what the provider allows, base64 decoded by Buffer.from, one put per picture. It remembers nothing.
import OpenAI from 'openai6';
import pLimit from 'p-limit';
import { checkPicture } from './check.mjs';
import { openStore } from './store.mjs';
import { onOrders } from './orders.mjs';

const { CONCURRENCY, MODEL, SIZE, STORAGE_URL, S3_ENDPOINT } = process.env;
const openai = new OpenAI();
const put = await openStore(STORAGE_URL, S3_ENDPOINT);
const limit = pLimit(Number(CONCURRENCY));

async function render(number) {
  const answer = await openai.images.generate({ model: MODEL, size: SIZE, prompt: `picture ${number}` });
  const bytes = Buffer.from(answer.data[0].b64_json, 'base64');
  await checkPicture(bytes);
  await put(`${number}.png`, bytes);
}

onOrders(async ({ first, count }) => {
  const numbers = Array.from({ length: count }, (_, i) => first + i);
  const results = await Promise.allSettled(numbers.map((number) => limit(() => render(number))));
  return results.flatMap(({ reason }) => (reason === undefined ? [] : [String(reason)]));
});
