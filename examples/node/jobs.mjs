// A job of its own: for renders of minutes, and for work that must survive this script. No package is needed.
//
//   node jobs.mjs              → lamp-0.png, lamp-1.png
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { env, stdout } from 'node:process';

const base = env.RENDERMILL_URL ?? 'http://127.0.0.1:8080';
const headers = { authorization: `Bearer ${env.RENDERMILL_API_KEY}`, 'content-type': 'application/json' };

async function ask(path, init = {}) {
  const response = await fetch(base + path, { ...init, headers: { ...headers, ...init.headers } });
  const body = await response.json();
  if (!response.ok) throw new Error(`${response.status} ${body.error.code}: ${body.error.message}`);
  return body;
}

// Submit. Started again, the script finds the same job by this key and buys nothing twice.
let job = await ask('/v1/jobs', {
  method: 'POST',
  headers: { 'idempotency-key': 'lamp-2026-11' },
  body: JSON.stringify({
    type: 'generation',
    model: 'gpt-image-1',
    prompt: 'A brass desk lamp, product photo',
    quality: 'low',
    n: 2,
    custom_id: 'SKU-4711',
  }),
});
stdout.write(`${job.id} is ${job.status}\n`);

// Wait. Each request is held until the job has ended, for at most 60 seconds.
while (job.status === 'queued' || job.status === 'in_progress') job = await ask(`/v1/jobs/${job.id}?wait=60`);
if (job.status !== 'completed') throw new Error(`${job.error.code}: ${job.error.message}`);

// Download, and check that the bytes are those that the provider made. The links need no key.
for (const image of job.images) {
  const bytes = Buffer.from(await (await fetch(image.url)).arrayBuffer());
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== image.sha256) throw new Error(`image ${image.index} came damaged`);
  await writeFile(`lamp-${image.index}.png`, bytes);
  stdout.write(`lamp-${image.index}.png ${image.width}x${image.height} ${sha256}\n`);
}
stdout.write(`paid ${job.cost.actual ?? 'unknown'} ${job.cost.currency} to ${job.provider}\n`);
