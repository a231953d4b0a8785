// The provider: packages/simulator in pool mode, in a process of its own. It enforces its limits and keeps the books
// that every contender is measured by.
import { setTimeout as sleep } from 'node:timers/promises';
import { root, startNode } from './children.mjs';

export async function startSimulator({ dir, bytes, latencyMs, concurrency, requestsPerMinute }) {
  const args = ['--port', '0', '--pool', String(bytes), '--latency', String(latencyMs)];
  if (concurrency !== undefined) args.push('--concurrency', String(concurrency));
  if (requestsPerMinute !== undefined) args.push('--rpm', String(requestsPerMinute));
  const child = startNode('simulator', `${root}/packages/simulator/dist/main.js`, { dir, args });
  const url = await address(child);
  const control = url.replace(/\/v1$/, '/_sim');
  return {
    url,
    stats: async () => (await fetch(`${control}/stats`)).json(),
    /** In the order in which the calls came: when, by whose key, and how long each took to the last byte of its answer. */
    calls: async () => {
      const { entries } = await (await fetch(`${control}/ledger`)).json();
      return entries.map(({ at, duration_ms, key_last4, status }) => ({
        at: Date.parse(at),
        ms: duration_ms,
        key: key_last4,
        status,
      }));
    },
    reset: async () => {
      await (await fetch(`${control}/reset`, { method: 'POST' })).text();
    },
    stop: () => child.stop(),
  };
}

async function address(child) {
  for (;;) {
    const url = /(http:\/\/\S+\/v1)/.exec(await child.log())?.[1];
    if (url) return url;
    await sleep(10);
  }
}

/** Draws the one picture that the pool is made of, before anybody is measured. */
export async function warmUp(simulator, request) {
  const response = await fetch(`${simulator.url}/images/generations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer bench' },
    body: JSON.stringify({ ...request, prompt: 'warm-up' }),
  });
  if (!response.ok) throw new Error(`the simulator answers ${response.status}: ${await response.text()}`);
  await response.arrayBuffer();
  await simulator.reset();
}
