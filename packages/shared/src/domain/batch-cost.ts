import { possiblyBilled, spent, type Attempt } from './attempts.js';

/** What an ended line adds to its batch's books. Money in micro-dollars; null where a price is unknown. */
export interface LineCost {
  readonly actual: number | null;
  /** Possibly billed attempts beyond the first of each call. */
  readonly twice: number;
  readonly twice_cost: number | null;
}

export function lineCost(attempts: readonly Attempt[]): LineCost {
  const seen = new Set<string>();
  const again = attempts.filter((attempt) => {
    if (!possiblyBilled(attempt)) return false;
    const call = `${attempt.generation}:${attempt.call}`;
    if (!seen.has(call)) {
      seen.add(call);
      return false;
    }
    return true;
  });
  return { actual: spent(attempts), twice: again.length, twice_cost: spent(again) };
}
