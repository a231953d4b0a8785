// A provider that answers at once: what counts is the work that one worker process does for a picture. The jobs lie in
// the queue before the worker starts.
import { withContender } from '../lib/contenders.mjs';

const request = { model: 'gpt-image-2', size: '1024x1024' };

async function sample({ Contender, setup, variant }) {
  const { simulator } = setup;
  const { count, warmUp, concurrency } = variant;
  return withContender(Contender, { ...setup, concurrency, request }, async (contender) => {
    await simulator.reset();
    await contender.submit(count);
    await contender.startWorker();
    await contender.finished();
    const ended = Date.now();
    const vitals = await contender.mark();
    const calls = await simulator.calls();
    // The first calls are left out: code is compiled and connections are made. What they left half done counts.
    const seconds = (ended - calls[warmUp].at) / 1_000;
    return { perS: (count - warmUp) / seconds, cpuMs: vitals.cpuMs / count, peakMb: vitals.peakBytes / 1e6 };
  });
}

export const throughput = {
  name: 'throughput',
  sample,
  columns: [
    { key: 'perS', label: 'pictures/s', digits: 1, ratio: true },
    { key: 'cpuMs', label: 'CPU ms/picture', digits: 1 },
    { key: 'peakMb', label: 'peak MB', digits: 0 },
  ],
  goals: (of) => [
    {
      text: 'at least as fast as bare BullMQ',
      value: of('ours', 'perS').median / of('bullmq', 'perS').median,
      atLeast: 1,
    },
  ],
  plan: (quick) => ({
    rounds: quick ? 1 : 3,
    variants: (quick ? ['s3'] : ['s3', 'directory']).map((store) => ({
      name: store,
      store,
      count: quick ? 100 : 300,
      warmUp: quick ? 40 : 60,
      bytes: 1_500_000,
      latencyMs: 0,
      concurrency: 16,
    })),
  }),
  about: ({ count }) => `${count} pictures of 1.5 MB, at once, 16 at a time, by one worker process`,
};
