// A provider that answers slowly and takes few calls at once: what counts is to keep each of its places busy, and never
// to ask for one too many.
import { withContender } from '../lib/contenders.mjs';

const concurrency = 5;
const request = { model: 'gpt-image-2', size: '1024x1024' };

async function sample({ Contender, setup, variant }) {
  const { simulator } = setup;
  const { count, latencyMs } = variant;
  return withContender(Contender, { ...setup, concurrency, request }, async (contender) => {
    await contender.startWorker();
    await contender.submit(2 * concurrency);
    await contender.finished();
    await simulator.reset();
    await contender.mark();
    const began = performance.now();
    await contender.submit(count);
    await contender.finished();
    const wallMs = performance.now() - began;
    const vitals = await contender.mark();
    const { rejected_429 } = await simulator.stats();
    const atWork = (await simulator.calls()).reduce((sum, { ms }) => sum + ms, 0);
    return {
      wallS: wallMs / 1_000,
      ofIdeal: (100 * count * latencyMs) / concurrency / wallMs,
      // What a place at the provider stands empty between two calls, ends of the run included.
      idleMs: (concurrency * wallMs - atWork) / count,
      cpuMs: vitals.cpuMs / count,
      rejected: rejected_429,
    };
  });
}

const columns = [
  { key: 'wallS', label: 'wall s', digits: 2, ratio: true },
  { key: 'ofIdeal', label: '% of ideal', digits: 1 },
  { key: 'idleMs', label: 'idle ms/call', digits: 1 },
  { key: 'cpuMs', label: 'CPU ms/picture', digits: 1 },
  { key: 'rejected', label: '429s', digits: 0 },
];

function goals(least, ahead) {
  return (of) => [
    { text: `at least ${least} % of the ideal rate`, value: of('ours', 'ofIdeal').median, atLeast: least },
    { text: 'not one 429', value: of('ours', 'rejected').max, atMost: 0 },
    ...(ahead
      ? [{ text: 'ahead of the script', value: of('ours', 'wallS').median / of('script', 'wallS').median, atMost: 1 }]
      : []),
  ];
}

export const pacedSmall = {
  name: 'paced-small',
  columns,
  sample,
  goals: goals(98, false),
  plan: (quick) => ({
    rounds: quick ? 1 : 2,
    variants: [
      { name: 'directory', store: 'directory', count: quick ? 50 : 500, bytes: 60_000, latencyMs: 300, concurrency },
    ],
  }),
  about: ({ count }) => `${count} pictures of 60 kB, 300 ms each, 5 at a time`,
};

export const pacedLarge = {
  name: 'paced-large',
  columns,
  sample,
  goals: goals(97, true),
  plan: (quick) => ({
    rounds: quick ? 1 : 2,
    variants: (quick ? ['s3'] : ['s3', 'directory']).map((store) => ({
      name: store,
      store,
      count: quick ? 15 : 100,
      bytes: 2_000_000,
      latencyMs: 1_000,
      concurrency,
    })),
  }),
  about: ({ count }) => `${count} pictures of 2 MB, 1 s each, 5 at a time`,
};
