import type { AttemptOutcome } from './attempts.js';
import { dollars } from './prices.js';

/**
 * What attempts came to, added up: by UTC day, model and provider account. Each settled attempt is counted once, in the
 * day in which it began; a certainty that replaces `unknown` moves it. Money in micro-dollars.
 */
export const usageDimensions = ['day', 'model', 'provider', 'batch'] as const;
export type UsageDimension = (typeof usageDimensions)[number];

const outcomes: readonly AttemptOutcome[] = ['not_sent', 'rejected', 'billed', 'unknown'];

/** Longest that usage is kept, in days. */
export const usageDays = 400;

/**
 * Upper bounds of the response times that are told apart, in milliseconds: steps of √2 from a quarter of a second to
 * more than an hour. What took longer than the last is counted behind it.
 */
export const responseBounds: readonly number[] = Array.from({ length: 29 }, (_, k) => Math.ceil(250 * 2 ** (k / 2)));

/** One model at one account on one day. Counts by the names that settle-attempt.lua writes. */
export interface UsageRow {
  /** `2026-11-21` */
  readonly day: string;
  readonly model: string;
  readonly provider: string;
  /** Null for what belongs to no batch, or where batches are not told apart. */
  readonly batch: string | null;
  readonly counts: ReadonlyMap<string, number>;
}

/** Rows that have the same value of each asked dimension, added; the others are null. Ordered by these values. */
export interface UsageGroup {
  readonly day: string | null;
  readonly model: string | null;
  readonly provider: string | null;
  readonly batch: string | null;
  readonly counts: Map<string, number>;
}

export function groupUsage(rows: readonly UsageRow[], by: readonly UsageDimension[]): UsageGroup[] {
  const groups = new Map<string, UsageGroup>();
  for (const row of rows) {
    const of = (dimension: UsageDimension): string | null => (by.includes(dimension) ? row[dimension] : null);
    const key = JSON.stringify([of('day'), of('provider'), of('model'), of('batch')]);
    const group = groups.get(key) ?? {
      day: of('day'),
      model: of('model'),
      provider: of('provider'),
      batch: of('batch'),
      counts: new Map(),
    };
    for (const [name, count] of row.counts) group.counts.set(name, (group.counts.get(name) ?? 0) + count);
    groups.set(key, group);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

/** The figures of a group. What is not known is null, never 0. */
export function usageFigures(counts: ReadonlyMap<string, number>) {
  const of = (name: string): number => counts.get(name) ?? 0;
  const [requests, successes, images] = [of('requests'), of('successes'), of('images')];
  const billed = money(of, 'billed');
  const mean = meanResponseMs(counts);
  return {
    requests,
    outcomes: Object.fromEntries(outcomes.map((outcome) => [outcome, of(outcome)])) as Record<AttemptOutcome, number>,
    images,
    successes,
    success_rate: requests === 0 ? null : successes / requests,
    response_seconds: {
      mean: mean === null ? null : mean / 1_000,
      p50: percentile(of, successes, 0.5),
      p95: percentile(of, successes, 0.95),
    },
    cost: {
      total: dollars(billed.total),
      mean: dollars(quotient(billed.total, billed.priced)),
      mean_per_image: dollars(quotient(billed.total, of('priced_images'))),
      unpriced: billed.unpriced,
    },
    unknown: unknownFigures(of),
  };
}

/** Mean time of an attempt that brought pictures, in milliseconds; null where there was none. */
export function meanResponseMs(counts: ReadonlyMap<string, number>): number | null {
  return quotient(counts.get('ms') ?? 0, counts.get('successes') ?? 0);
}

function unknownFigures(of: (name: string) => number) {
  const { total, unpriced } = money(of, 'unknown');
  return { requests: of('unknown'), cost: dollars(total), unpriced };
}

function money(of: (name: string) => number, outcome: 'billed' | 'unknown') {
  const unpriced = of(`${outcome}_unpriced`);
  const priced = of(outcome) - unpriced;
  // Nothing bought costs 0; bought without a price is not known.
  return { total: priced === 0 && unpriced > 0 ? null : of(`${outcome}_cost`), priced, unpriced };
}

const quotient = (sum: number | null, count: number): number | null =>
  sum === null || count === 0 ? null : Math.round(sum / count);

/** The time within which this share of the successes was answered, in seconds: the bound that it stayed under. */
function percentile(of: (name: string) => number, successes: number, share: number): number | null {
  let seen = 0;
  if (successes === 0) return null;
  for (const [k, bound] of responseBounds.entries()) {
    seen += of(`within_${k + 1}`);
    if (seen >= share * successes) return bound / 1_000;
  }
  return null;
}
