// Many large answers that all arrive at the same moment: what counts is how much of them a process holds, and for how
// long it hears nothing else.
import { withContender } from '../lib/contenders.mjs';

const size = '3840x2160';
const request = { model: 'gpt-image-2', size };

async function sample({ Contender, setup, variant }) {
  const { simulator } = setup;
  const { count } = variant;
  return withContender(Contender, { ...setup, concurrency: count, request }, async (contender) => {
    await simulator.reset();
    await contender.startWorker();
    await contender.mark();
    const began = performance.now();
    await contender.submit(count);
    await contender.finished();
    const wallS = (performance.now() - began) / 1_000;
    const { peakBytes, stallMs, cpuMs } = await contender.mark();
    const { max_in_flight } = await simulator.stats();
    return { peakMb: peakBytes / 1e6, stallMs, wallS, cpuMs: cpuMs / count, inFlight: max_in_flight };
  });
}

export const memory = {
  name: 'memory',
  sample,
  columns: [
    { key: 'peakMb', label: 'peak MB', digits: 0, ratio: true },
    { key: 'stallMs', label: 'longest stall ms', digits: 0, ratio: true },
    { key: 'wallS', label: 'wall s', digits: 1 },
    { key: 'cpuMs', label: 'CPU ms/picture', digits: 0 },
    { key: 'inFlight', label: 'in flight', digits: 0 },
  ],
  goals: (of) => [
    { text: 'at most 300 MB', value: of('ours', 'peakMb').median, atMost: 300 },
    ...['script', 'bullmq'].map((peer) => ({
      text: `at most 0.15 of ${peer}`,
      value: of('ours', 'peakMb').median / of(peer, 'peakMb').median,
      atMost: 0.15,
    })),
    { text: 'no stall longer than 100 ms', value: of('ours', 'stallMs').median, atMost: 100 },
  ],
  plan: (quick) => ({
    rounds: quick ? 1 : 2,
    variants: [
      {
        name: 's3',
        store: 's3',
        count: quick ? 15 : 50,
        bytes: 20_000_000,
        size,
        latencyMs: quick ? 2_000 : 5_000,
        concurrency: 50,
      },
    ],
  }),
  about: ({ count }) => `${count} pictures of 20 MB (${size}), all in flight at once`,
};
