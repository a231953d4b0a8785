// One held call after the other: what Rendermill adds to what cannot be avoided, the provider's time and one put. Each
// sample is four calls in a row, so that all see the same moment of the machine: the provider directly, a put of the
// same bytes, our call for a link, our call for base64.
import { openStore } from '../peers/store.mjs';
import { checkPicture } from '../peers/check.mjs';
import { Ours } from '../lib/ours.mjs';
import { withContender } from '../lib/contenders.mjs';

const request = { model: 'gpt-image-2', size: '1024x1024' };

async function timed(work) {
  const began = performance.now();
  const result = await work();
  return { ms: performance.now() - began, result };
}

async function read(response) {
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${await response.text()}`);
  return response.json();
}

async function sample({ setup, variant }) {
  const { simulator, store } = setup;
  Object.assign(process.env, store.env);
  const put = await openStore(store.env.STORAGE_URL, store.env.S3_ENDPOINT);
  return withContender(Ours, { ...setup, concurrency: 5, request }, async (ours) => {
    await ours.startWorker();
    let number = 0;
    const direct = async (prompt) =>
      read(
        await fetch(`${simulator.url}/images/generations`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: 'Bearer direct' },
          body: JSON.stringify({ ...request, prompt }),
        }),
      );
    const held = async (prompt, format) =>
      read(await ours.post('/v1/images/generations', { ...request, prompt, ...format }));
    const one = async () => {
      const prompt = `picture ${number++}`;
      const provider = await timed(() => direct(prompt));
      const bytes = Buffer.from(provider.result.data[0].b64_json, 'base64');
      const stored = await timed(() => put(`${number}.png`, bytes));
      const check = await timed(() => checkPicture(bytes));
      const unavoidable = provider.ms + stored.ms;
      const url = await timed(() => held(`${prompt} by link`, { response_format: 'url' }));
      const base64 = await timed(() => held(`${prompt} as base64`, {}));
      return {
        urlMs: url.ms - unavoidable,
        base64Ms: base64.ms - unavoidable,
        checkMs: check.ms,
        putMs: stored.ms,
        providerMs: provider.ms,
      };
    };
    for (let i = 0; i < variant.warmUp; i++) await one();
    const samples = [];
    for (let i = 0; i < variant.count; i++) samples.push(await one());
    return samples;
  });
}

export const heldLatency = {
  name: 'held-latency',
  sample,
  contenders: [Ours],
  columns: [
    { key: 'urlMs', label: 'added, link', digits: 1, quantiles: true },
    { key: 'base64Ms', label: 'added, base64', digits: 1, quantiles: true },
    { key: 'checkMs', label: '(the check alone)', digits: 1, quantiles: true },
    { key: 'putMs', label: '(the put alone)', digits: 1, quantiles: true },
    { key: 'providerMs', label: '(the provider)', digits: 1, quantiles: true },
  ],
  goals: (of) => [
    { text: 'a call for a link: at most 15 ms added (median)', value: of('ours', 'urlMs').median, atMost: 15 },
    { text: 'a call for base64: at most 15 ms added (median)', value: of('ours', 'base64Ms').median, atMost: 15 },
  ],
  plan: (quick) => ({
    rounds: 1,
    variants: (quick ? [1_500_000] : [60_000, 1_500_000]).map((bytes) => ({
      name: `s3, ${bytes / 1e3} kB`,
      store: 's3',
      warmUp: quick ? 3 : 10,
      count: quick ? 8 : 40,
      bytes,
      latencyMs: 300,
    })),
  }),
  about: ({ count }) =>
    `${count} calls one after the other at a provider of 300 ms: what is added to provider and put, ms`,
};
