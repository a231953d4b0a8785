// Peer B, what most people build next: a bare BullMQ worker whose job is the prompt, with its concurrency at what the
// provider allows. It calls, decodes, checks and puts as the script does; what is known of a job is BullMQ's.
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import OpenAI from 'openai6';
import { checkPicture } from './check.mjs';
import { openStore } from './store.mjs';
import { onOrders } from './orders.mjs';

const { CONCURRENCY, MODEL, SIZE, STORAGE_URL, S3_ENDPOINT, REDIS_PATH, QUEUE } = process.env;
const openai = new OpenAI();
const put = await openStore(STORAGE_URL, S3_ENDPOINT);
const connection = new Redis(REDIS_PATH, { maxRetriesPerRequest: null });

const worker = new Worker(
  QUEUE,
  async ({ id, data: { prompt } }) => {
    const answer = await openai.images.generate({ model: MODEL, size: SIZE, prompt });
    const bytes = Buffer.from(answer.data[0].b64_json, 'base64');
    await checkPicture(bytes);
    await put(`${id}.png`, bytes);
  },
  { connection, concurrency: Number(CONCURRENCY), autorun: false },
);

let ended = 0;
const failures = [];
let look = () => undefined;
worker.on('completed', () => {
  ended++;
  look();
});
worker.on('failed', (_job, error) => {
  ended++;
  failures.push(String(error));
  look();
});

// The jobs of an order lie in the queue already.
onOrders(async ({ first, count }) => {
  if (!worker.isRunning()) void worker.run();
  await new Promise((resolve) => {
    look = () => ended >= first + count && resolve();
    look();
  });
  return failures;
});
