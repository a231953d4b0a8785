/** What an answer's `x-ratelimit-*` headers tell of the account's requests. Zeros: nothing. */
export interface ToldLimits {
  /** Requests in any minute that the account allows. */
  readonly perMinute: number;
  /** None is left for so long, in milliseconds. */
  readonly usedUpForMs: number;
}

export const nothingTold: ToldLimits = { perMinute: 0, usedUpForMs: 0 };

/** "1s", "6m0s", "20ms", "1h2m3.5s", or a bare number of seconds: milliseconds, or null. */
export function durationMs(text: string): number | null {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1_000;
  const match = /^(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?$/.exec(text);
  if (!match || text === '') return null;
  const [hours, minutes, seconds, milliseconds] = match.slice(1).map((part) => Number(part ?? 0));
  return (((hours ?? 0) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)) * 1_000 + (milliseconds ?? 0);
}

/** Longest pause that an answer's headers can cause, in milliseconds. */
const maxPauseMs = 10 * 60_000;

/**
 * Reads the headers; what is not understood is nothing told. `elapsedMs`: since the request was sent, for that is when
 * the provider counted: a picture that took a minute comes with a reset that is over.
 */
export function readToldLimits(header: (name: string) => string | null, elapsedMs: number): ToldLimits {
  const limit = Number(header('x-ratelimit-limit-requests') ?? Number.NaN);
  const remaining = header('x-ratelimit-remaining-requests');
  const resetMs = durationMs(header('x-ratelimit-reset-requests') ?? '');
  const usedUp = remaining !== null && remaining !== '' && Number(remaining) === 0 && resetMs !== null;
  return {
    perMinute: Number.isInteger(limit) && limit > 0 ? limit : 0,
    usedUpForMs: usedUp ? Math.min(maxPauseMs, Math.max(0, resetMs - elapsedMs)) : 0,
  };
}
