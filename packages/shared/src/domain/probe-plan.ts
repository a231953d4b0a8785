import type { Account } from './accounts.js';
import { leftOut, notCounted, type NotCounted, type Wanted } from './costs.js';
import { nextStep, probeImageSide, type ProbeStep, type StepResult } from './probe-steps.js';
import { imagePriceAt } from './routing.js';

/** What a probe would ask, and what that costs. */

/** Micro-dollars that a call is expected to cost where it is accepted, or null. Its input is counted where it is billed. */
export function stepCost(account: Account, model: string, step: ProbeStep): number | null {
  return offerFor(account, model, step).cost;
}

function offerFor(account: Account, model: string, step: ProbeStep): Pick<PlannedStep, 'cost' | 'excludes'> {
  const side = { width: probeImageSide, height: probeImageSide };
  const inputs = Array.from({ length: step.images }, () => side);
  const wanted: Wanted = { model, type: step.operation, request: step.request, inputs };
  const row = account.prices[model];
  const price = imagePriceAt(account, wanted);
  return row && price ? { cost: price.micros, excludes: leftOut(row, wanted) } : { cost: null, excludes: [] };
}

/** A call that a probe may make, and after what. */
export interface PlannedStep {
  readonly step: ProbeStep;
  readonly cost: number | null;
  /** What the cost leaves out. */
  readonly excludes: readonly NotCounted[];
  /** False: only where one before it was refused. */
  readonly certain: boolean;
}

export interface ProbePlan {
  readonly steps: readonly PlannedStep[];
  /** Micro-dollars where everything is accepted at once, and at most; null: a price is unknown. */
  readonly expected: number | null;
  readonly most: number | null;
  /** What both leave out. */
  readonly excludes: readonly NotCounted[];
}

/** Every course that a probe may take: what is refused costs nothing. */
export function planProbe(account: Account, model: string): ProbePlan {
  const steps = new Map<string, PlannedStep>();
  const add = (sum: number | null, cost: number | null) => (sum === null || cost === null ? null : sum + cost);
  const walk = (results: readonly StepResult[], sum: number | null, certain: boolean): (number | null)[] => {
    const step = nextStep(account, model, results);
    if (!step) return [sum];
    const { cost, excludes } = offerFor(account, model, step);
    if (!steps.has(step.name)) steps.set(step.name, { step, cost, excludes, certain });
    const after = (came_to: StepResult['came_to']) => [...results, { name: step.name, came_to }];
    return [...walk(after('accepted'), add(sum, cost), certain), ...walk(after('refused'), sum, false)];
  };
  const sums = walk([], 0, true);
  const known = sums.filter((sum): sum is number => sum !== null);
  const all = [...steps.values()];
  return {
    steps: all,
    expected: sums[0] ?? null,
    most: all.some(({ cost }) => cost === null) ? null : Math.max(0, ...known),
    excludes: notCounted.filter((one) => all.some(({ excludes }) => excludes.includes(one))),
  };
}
