// An account's limits, shared by several worker processes: how much of what the provider allows is used while work
// waits, and whether it ever had to refuse a call. All figures are the provider's own. Ours alone: the peers know of one
// process only.
import { Ours } from '../lib/ours.mjs';
import { withContender } from '../lib/contenders.mjs';

const processes = [1, 2, 4];
const request = { model: 'gpt-image-2', size: '1024x1024' };
const minuteMs = 60_000;

/** The calls that reached the provider from so many worker processes, and when the last job was handed in. */
async function callsBy(workers, setup, { count, concurrency, requestsPerMinute: requests_per_minute = null }) {
  const key = String(1_000 + workers);
  const limits = { concurrency, requests_per_minute };
  return withContender(Ours, { ...setup, request, limits, apiKey: `sk-bench-${key}` }, async (ours) => {
    await ours.startWorker(workers);
    // Code is compiled and connections are made, by each of them. Not in a minute that counts.
    const warmUp = requests_per_minute === null ? workers * concurrency : 0;
    await ours.submit(warmUp);
    await ours.finished();
    await ours.submit(count);
    const submittedAt = Date.now();
    await ours.finished();
    const calls = (await setup.simulator.calls()).filter((call) => call.key === key).slice(warmUp);
    return { calls, submittedAt };
  });
}

/** Places in use, as [when, how many], in order. */
function placesInUse(calls) {
  const changes = calls.flatMap(({ at, ms }) => [
    [at, 1],
    [at + ms, -1],
  ]);
  // Of two in one millisecond the one that leaves goes first: the provider refuses where that is not so.
  changes.sort(([a, up], [b, down]) => a - b || up - down);
  let inUse = 0;
  return changes.map(([at, change]) => [at, (inUse += change)]);
}

/** Of the places at once: from when all jobs are there and all places taken until the last call comes, some job waits. */
function ofPlaces({ calls, submittedAt }, { concurrency }) {
  const places = placesInUse(calls);
  const from = places.find(([at, inUse]) => at >= submittedAt && inUse >= concurrency)?.[0];
  const to = calls.at(-1).at;
  let used = 0;
  for (const [i, [at, inUse]] of places.slice(0, -1).entries()) {
    const until = Math.min(to, places[i + 1][0]);
    if (at >= from && until > at) used += inUse * (until - at);
  }
  return (100 * used) / (concurrency * (to - from));
}

/** Of the requests a minute: how soon after a call's minute is over the one comes that has its place. */
function ofMinutes({ calls }, { requestsPerMinute }) {
  const lags = calls.slice(requestsPerMinute).map(({ at }, i) => at - calls[i].at - minuteMs);
  const meanMs = lags.reduce((sum, lag) => sum + lag, 0) / lags.length;
  return (100 * minuteMs) / (minuteMs + meanMs);
}

async function sample({ setup, variant }) {
  await setup.simulator.reset();
  // What is measured is mostly waiting: all at the same time, each with a key of its own, before the same provider.
  const found = await Promise.all(
    processes.map(async (workers) => {
      const run = await callsBy(workers, setup, variant);
      return {
        used: variant.requestsPerMinute ? ofMinutes(run, variant) : ofPlaces(run, variant),
        most: Math.max(...placesInUse(run.calls).map(([, inUse]) => inUse)),
        refused: run.calls.filter(({ status }) => status === 429).length,
      };
    }),
  );
  return {
    ...Object.fromEntries(processes.map((workers, i) => [`used${workers}`, found[i].used])),
    most: Math.max(...found.map(({ most }) => most)),
    refused: found.reduce((sum, { refused }) => sum + refused, 0),
  };
}

export const limits = {
  name: 'limits',
  sample,
  contenders: [Ours],
  columns: [
    ...processes.map((workers) => ({ key: `used${workers}`, label: `% used by ${workers}`, digits: 1 })),
    { key: 'most', label: 'most at once', digits: 0 },
    { key: 'refused', label: '429s', digits: 0 },
  ],
  goals: (of) => [
    ...processes.map((workers) => ({
      text: `at least 98 % of the limit used by ${workers} worker process(es)`,
      value: of('ours', `used${workers}`).median,
      atLeast: 98,
    })),
    { text: 'never more than 5 at once', value: of('ours', 'most').max, atMost: 5 },
    { text: 'not one 429', value: of('ours', 'refused').max, atMost: 0 },
  ],
  plan: (quick) => {
    const common = { store: 'directory', bytes: 60_000, concurrency: 5 };
    const places = { ...common, name: '5 at once', count: quick ? 15 : 45, latencyMs: quick ? 1_000 : 3_000 };
    const minutes = { ...common, name: '120 a minute', count: 150, latencyMs: 1_000, requestsPerMinute: 120 };
    return { rounds: 1, variants: quick ? [places] : [places, minutes] };
  },
  about: ({ count, latencyMs }) =>
    `${count} pictures of 60 kB, ${latencyMs / 1_000} s each, by ${processes.join(', ')} worker processes`,
};
