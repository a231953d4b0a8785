/**
 * How fast the simulator answers in pool mode, so that a benchmark can show that it is not the bottleneck.
 *   node packages/simulator/scripts/throughput.mjs [image length] [clients] [seconds]
 * The client discards what it reads, in a process of its own.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';

const [length = '2M', clients = '16', seconds = '5'] = process.argv.slice(2);
const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const child = spawn(process.execPath, [main, '--pool', length], { stdio: ['ignore', 'pipe', 'inherit'] });
const [line] = await once(child.stdout, 'data');
const base = String(line).trim().split(' ').at(-1);

const agent = new Agent({ keepAlive: true, maxSockets: Number(clients) });
const body = JSON.stringify({ model: 'gpt-image-2', prompt: 'throughput', size: '1024x1024' });

async function buy() {
  const options = { agent, method: 'POST', headers: { 'content-type': 'application/json' } };
  const call = request(`${base}/images/generations`, options).end(body);
  const [response] = await once(call, 'response');
  let bytes = 0;
  response.on('data', (chunk) => (bytes += chunk.length));
  await once(response, 'end');
  return bytes;
}

await buy();
const until = performance.now() + Number(seconds) * 1_000;
const before = performance.now();
const totals = await Promise.all(
  Array.from({ length: Number(clients) }, async () => {
    const total = { answers: 0, bytes: 0 };
    while (performance.now() < until) {
      total.bytes += await buy();
      total.answers += 1;
    }
    return total;
  }),
);
const took = (performance.now() - before) / 1_000;
const answers = totals.reduce((sum, total) => sum + total.answers, 0);
const bytes = totals.reduce((sum, total) => sum + total.bytes, 0);
process.stdout.write(
  `${length} images, ${clients} clients: ${(answers / took).toFixed(0)} answers/s, ${(bytes / took / 1e6).toFixed(0)} MB/s of JSON\n`,
);
agent.destroy();
child.kill('SIGTERM');
await once(child, 'exit');
