// One measure: each variant by each contender in turn, round after round, in one run on one machine, so that what else
// the machine does falls on all of them.
import { inTurn } from './contenders.mjs';
import { summary } from './numbers.mjs';
import { startSimulator, warmUp } from './simulator.mjs';

/** Answers a result for each variant; `contenders` is null where the variant could not be run. */
export async function runMeasure(measure, { stage, quick, profile, say }) {
  const plan = measure.plan(quick);
  const results = [];
  for (const variant of plan.variants) {
    const samples = await runVariant(measure, variant, plan.rounds, { stage, profile, say });
    const about = measure.about(variant);
    results.push({ measure: measure.name, variant: variant.name, about, ...judged(measure, samples) });
  }
  return results;
}

async function runVariant(measure, variant, rounds, { stage, profile, say }) {
  const { bytes, latencyMs, concurrency, requestsPerMinute, count } = variant;
  const simulator = await startSimulator({ dir: stage.dir, bytes, latencyMs, concurrency, requestsPerMinute });
  const samples = new Map();
  try {
    await warmUp(simulator, { model: 'gpt-image-2', size: variant.size ?? '1024x1024' });
    for (let round = 0; round < rounds; round++) {
      for (const Contender of measure.contenders ?? inTurn(round)) {
        const store = await stage.store(variant.store, 3 * count * bytes);
        if (store === null) return null;
        try {
          const setup = { stage, simulator, store, profile };
          const found = [await measure.sample({ Contender, setup, variant })].flat();
          const { name } = new Contender({ stage });
          samples.set(name, [...(samples.get(name) ?? []), ...found]);
          say(`  ${measure.name} ${variant.name}, round ${round + 1} of ${rounds}, ${name}: ${short(measure, found)}`);
        } finally {
          await store.close();
        }
      }
    }
    return samples;
  } finally {
    await simulator.stop();
  }
}

function short(measure, found) {
  return measure.columns
    .map(({ key, label, digits }) => `${label} ${summary(found.map((one) => one[key])).median.toFixed(digits)}`)
    .join(', ');
}

function judged(measure, samples) {
  if (samples === null) return { contenders: null, goals: [] };
  const contenders = Object.fromEntries(
    [...samples].map(([name, found]) => [
      name,
      Object.fromEntries(measure.columns.map(({ key }) => [key, summary(found.map((one) => one[key]))])),
    ]),
  );
  const goals = measure.goals((name, key) => contenders[name][key]).map((goal) => ({ ...goal, met: isMet(goal) }));
  return { contenders, goals };
}

function isMet({ value, atLeast, atMost }) {
  return (atLeast === undefined || value >= atLeast) && (atMost === undefined || value <= atMost);
}
