// A large batch from the first byte of its upload until it runs, beside the same payloads put into a queue by BullMQ's
// addBulk: which has validated nothing by then, and stored nothing. And what a line that waits costs in Redis.
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Queue } from 'bullmq';
import { withContender } from '../lib/contenders.mjs';
import { lineOf, linesFile } from '../lib/lines.mjs';
import { Ours } from '../lib/ours.mjs';

const request = { model: 'gpt-image-1', size: '1024x1024' };
const chunk = 500;

async function usedBytes(redis) {
  return Number(/used_memory:(\d+)/.exec(await redis.info('memory'))[1]);
}

async function ours(setup, { count, concurrency }, redis) {
  return withContender(Ours, { ...setup, concurrency, request }, async (contender) => {
    await contender.startWorker();
    // Code is compiled, connections are made.
    await contender.runningBatch(linesFile(1_000));
    const before = await usedBytes(redis);
    const { api: rested } = await contender.mark();
    const file = linesFile(count);
    const began = performance.now();
    const batch = await contender.runningBatch(file);
    const seconds = (performance.now() - began) / 1_000;
    const { api } = await contender.mark();
    let redisMb = 0;
    for (let i = 0; i < 10; i++) {
      redisMb = Math.max(redisMb, ((await usedBytes(redis)) - before) / 1e6);
      await sleep(200);
    }
    await contender.cancelBatch(batch);
    return {
      perS: count / seconds,
      bytesPerLine: (redisMb * 1e6) / count,
      redisMb,
      apiMb: (api.peakBytes - rested.peakBytes) / 1e6,
    };
  });
}

async function addBulk({ count }, redis, path) {
  const connection = new Redis(path, { maxRetriesPerRequest: null });
  const queue = new Queue('intake', { connection });
  try {
    const before = await usedBytes(redis);
    const payloads = Array.from({ length: count }, (_, i) => ({ name: 'line', data: lineOf(i) }));
    const began = performance.now();
    for (let first = 0; first < count; first += chunk) await queue.addBulk(payloads.slice(first, first + chunk));
    const seconds = (performance.now() - began) / 1_000;
    const redisMb = ((await usedBytes(redis)) - before) / 1e6;
    return { perS: count / seconds, bytesPerLine: (redisMb * 1e6) / count, redisMb, apiMb: 0 };
  } finally {
    await queue.obliterate({ force: true });
    await queue.close();
    connection.disconnect();
  }
}

/** The queue alone, as `Queue.addBulk` fills it. */
class AddBulk {
  name = 'bullmq';
}

async function sample({ Contender, setup, variant }) {
  const path = setup.stage.redisUrl.replace(/^unix:/, '');
  const redis = new Redis(path);
  try {
    return Contender === Ours ? await ours(setup, variant, redis) : await addBulk(variant, redis, path);
  } finally {
    redis.disconnect();
  }
}

const columns = [
  { key: 'perS', label: 'lines/s until running', digits: 0, ratio: true },
  { key: 'bytesPerLine', label: 'Redis bytes/line', digits: 1, ratio: true },
  { key: 'redisMb', label: 'Redis MB', digits: 1 },
  { key: 'apiMb', label: 'API MB more', digits: 0 },
];
const about = ({ count }) => `${count.toLocaleString('en')} lines of 0.4 kB, uploaded, validated, running`;
const common = { store: 'directory', bytes: 1_500, concurrency: 5, latencyMs: 10_000 };

export const intake = {
  name: 'intake',
  sample,
  contenders: [Ours, AddBulk],
  columns,
  goals: (of) => [
    { text: 'at least 3 times addBulk', value: of('ours', 'perS').median / of('bullmq', 'perS').median, atLeast: 3 },
    { text: 'at most 100 MB more in the API', value: of('ours', 'apiMb').max, atMost: 100 },
    { text: 'at most 16 MB of Redis while waiting', value: of('ours', 'redisMb').max, atMost: 16 },
  ],
  plan: (quick) => ({
    rounds: quick ? 1 : 3,
    variants: [{ ...common, name: 'batch', count: quick ? 10_000 : 100_000 }],
  }),
  about,
};

export const million = {
  name: 'million',
  sample,
  contenders: [Ours],
  columns,
  goals: (of) => [{ text: 'at most 64 MB of Redis', value: of('ours', 'redisMb').max, atMost: 64 }],
  plan: (quick) => ({ rounds: 1, variants: [{ ...common, name: 'batch', count: quick ? 100_000 : 1_000_000 }] }),
  about,
};
