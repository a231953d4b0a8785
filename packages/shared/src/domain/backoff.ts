/** Waiting times. Chance is an argument, so that every figure can be tested. */

/** Exponential with full jitter above a floor: between half and all of `base * 2^try`, at most `max`. Milliseconds. */
export function backoff(attempt: number, baseMs: number, maxMs: number, random: () => number): number {
  const ceiling = Math.min(maxMs, baseMs * 2 ** Math.max(0, attempt));
  return Math.round(ceiling * (0.5 + 0.5 * random()));
}

/**
 * Tries of a job after failures that cost nothing (5xx, connection refused), in milliseconds:
 *
 * | try | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 |
 * |---|---|---|---|---|---|---|---|---|
 * | wait up to | 1 s | 2 s | 4 s | 8 s | 16 s | 32 s | 60 s | 60 s |
 *
 * About three minutes in all: long enough for a relay's restart, short enough to tell a person.
 */
export const maxTries = 8;

export function retryWait(tries: number, random: () => number): number {
  return backoff(tries, 1_000, 60_000, random);
}

/** Waits between attempts to store or copy what is already paid for: 0.5 s doubling to 60 s, without end. */
export function storeWait(attempt: number, random: () => number): number {
  return backoff(attempt, 500, 60_000, random);
}

/** Standard Webhooks' schedule in seconds: ten deliveries over 75 h 35 min 5 s. */
export const webhookSchedule: readonly number[] = [0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/**
 * When to deliver again, in milliseconds from now, or null when the schedule is at its end.
 * Jitter is ±20 %; a receiver's Retry-After is obeyed between the schedule's wait and twice that. Who is overloaded (429,
 * 502, 504, a time-out) has a minute at least.
 */
export function redeliveryWait(
  made: number,
  schedule: readonly number[],
  retryAfterMs: number | null,
  overloaded: boolean,
  random: () => number,
): number | null {
  const seconds = schedule[made];
  if (seconds === undefined) return null;
  const least = overloaded ? 60_000 : 0;
  const base = Math.max(seconds * 1_000, least);
  if (retryAfterMs === null) return Math.round(Math.max(base * (0.8 + 0.4 * random()), least));
  return Math.round(Math.min(Math.max(retryAfterMs, base), 2 * base));
}
