import type { Batch } from '@rendermill/client';
import { dollars, duration } from '../format.js';

/** A running batch on one line. */

export const boundWords: Readonly<Record<NonNullable<Batch['bound_by']>, string>> = {
  paused: 'paused',
  max_cost: 'its max_cost is reached',
  account_parked: 'the account is parked: rendermill providers',
  rate_limited: 'the provider asks to wait',
  requests_per_day: 'limit: requests a day',
  images_per_month: 'limit: images a month',
  requests_per_minute: 'limit: requests a minute',
  images_per_minute: 'limit: images a minute',
  concurrency: 'limit: calls at once',
};

/** As people call it: one that is paused is no batch in progress. */
export const stateOf = ({ status, paused_at }: Pick<Batch, 'status' | 'paused_at'>): string =>
  status === 'in_progress' && paused_at !== null ? 'paused' : status;

/** Lines a minute over the last while. */
export class Rate {
  readonly #seen: { lines: number; at: number }[];

  constructor(lines: number, at: number) {
    this.#seen = [{ lines, at }];
  }

  see(lines: number, at: number): void {
    this.#seen.push({ lines, at });
    while (this.#seen.length > 2 && at - (this.#seen[0]?.at ?? at) > 60_000) this.#seen.shift();
  }

  /** Null until there is something to tell. */
  get perMinute(): number | null {
    const [first, last] = [this.#seen[0], this.#seen.at(-1)];
    if (!first || !last || last.at - first.at < 2_000) return null;
    return ((last.lines - first.lines) * 60_000) / (last.at - first.at);
  }
}

export function progressLine(batch: Batch, rate: Rate, columns: number): string {
  const { status, progress, request_counts: n, eta_seconds, bound_by, cost } = batch;
  if (status !== 'in_progress') return fit(`${status} …`, columns);
  const perMinute = rate.perMinute;
  const left = eta_seconds ?? secondsLeft(batch, perMinute);
  const parts = [
    `${bar(progress, 20)} ${Math.floor(progress * 100)} %  ${n.completed + n.failed + n.cancelled}/${n.total}`,
    ...(n.failed > 0 ? [`${n.failed} failed`] : []),
    ...(perMinute === null ? [] : [`${perMinute.toFixed(perMinute < 10 ? 1 : 0)} a minute`]),
    ...(left === null ? [] : [`${duration(left)} left`]),
    `${dollars(cost.actual)} spent`,
    ...(bound_by === null ? [] : [boundWords[bound_by] ?? bound_by]),
  ];
  // What does not fit is left out whole, from the right.
  while (parts.length > 1 && parts.join('  ').length >= columns) parts.pop();
  return fit(parts.join('  '), columns);
}

/** By what was seen from here: the API tells none before it has timed a batch for a while. */
function secondsLeft({ request_counts: n, paused_at }: Batch, perMinute: number | null): number | null {
  if (perMinute === null || perMinute === 0 || paused_at !== null) return null;
  return Math.ceil(((n.total - n.completed - n.failed - n.cancelled) * 60) / perMinute);
}

export function bar(share: number, width: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return `[${'#'.repeat(full)}${'.'.repeat(width - full)}]`;
}

/** A line that wraps cannot be drawn over. */
export const fit = (line: string, columns: number): string => line.slice(0, Math.max(1, columns - 1));
