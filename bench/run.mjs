// `npm run bench`: Rendermill beside two peers, in one run on one machine. See bench/README.md.
//   --quick          a short round of everything: whether it works, not how fast it is
//   --only NAME      one measure; may be repeated
//   --profile DIR    CPU profiles of every measured process into DIR
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { Stage } from './lib/stage.mjs';
import { resultLines } from './lib/report.mjs';
import { runMeasure } from './lib/run-measure.mjs';
import { heldLatency } from './measures/held-latency.mjs';
import { intake, million } from './measures/intake.mjs';
import { limits } from './measures/limits.mjs';
import { memory } from './measures/memory.mjs';
import { pacedLarge, pacedSmall } from './measures/paced.mjs';
import { throughput } from './measures/throughput.mjs';

const measures = [pacedSmall, pacedLarge, limits, throughput, memory, heldLatency, intake, million];
const say = (line) => process.stdout.write(`${line}\n`);

const { values } = parseArgs({
  options: { quick: { type: 'boolean' }, only: { type: 'string', multiple: true }, profile: { type: 'string' } },
});
const { quick = false, only, profile } = values;
const chosen = measures.filter(({ name }) => only === undefined || only.includes(name));
if (chosen.length === 0) {
  say(`--only takes ${measures.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}

// Node 20 is what Rendermill supports, and the warning is about next year.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

const stage = new Stage(say);
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    interrupted = true;
    // Its failure is met below, where the run ends.
    stage.close().catch(() => undefined);
  });
}

const machine = { node: process.version, cpus: cpus().length, cpu: cpus()[0]?.model, memory: totalmem() };
const began = Date.now();
const results = [];
try {
  await stage.open();
  say(`load before: ${loadavg()[0].toFixed(2)} on ${machine.cpus} processors`);
  for (const measure of chosen) results.push(...(await runMeasure(measure, { stage, quick, profile, say })));
} catch (error) {
  // Whoever ends the run ends what it waits for.
  if (!interrupted) throw error;
  say('interrupted: nothing was saved');
  process.exitCode = 130;
} finally {
  await stage.close();
}

if (!interrupted) await conclude();

async function conclude() {
  const columns = new Map(measures.map((measure) => [measure.name, measure.columns]));
  for (const result of results) for (const line of resultLines(result, columns.get(result.measure))) say(line);
  const goals = results.flatMap((result) => result.goals);
  const seconds = Math.round((Date.now() - began) / 1_000);
  say(
    `\n${goals.filter(({ met }) => met).length} of ${goals.length} goals met, ${seconds} s${quick ? ', quick: a sanity round' : ''}`,
  );
  await save(seconds);
}

async function save(seconds) {
  const at = new Date(began).toISOString();
  const record = { at, seconds, quick, commit: commit(), machine, results };
  const text = `${JSON.stringify(record, null, 2)}\n`;
  const folder = new URL('results/', import.meta.url);
  await mkdir(folder, { recursive: true });
  await writeFile(new URL('latest.json', folder), text);
  // What is kept for comparison is a full run.
  if (!quick && only === undefined) await writeFile(new URL(`${at.slice(0, 10)}.json`, folder), text);
}

function commit() {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim();
  } catch {
    return null;
  }
}
