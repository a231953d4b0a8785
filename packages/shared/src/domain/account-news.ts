import type { ToldLimits } from './told-limits.js';
import type { Verdict } from './verdicts.js';

/** What a call tells about its account, whatever it came to for its job. Every worker hears of it with the permit's return. */
export interface AccountNews {
  readonly kind:
    /** It served: it is well. */
    | 'served'
    /** It wants fewer calls. */
    | 'limited'
    /** It says itself that it will serve nobody: a dead key, an empty purse. */
    | 'parked'
    /** It failed: it was not reached, did not answer, or had an error of its own. */
    | 'failed'
    /** It answered, about the request: nothing is known about the account. */
    | 'answered';
  /** For people: why it is set aside. */
  readonly reason: string;
  /** How long it gets no call, in milliseconds; 0: no pause. */
  readonly pauseMs: number;
  readonly told: ToldLimits;
}

/** The news in a call's verdict; null: pictures came. `ours`: it was this worker that failed. */
export function newsOf(verdict: Verdict | null, told: ToldLimits, ours: boolean, random: () => number): AccountNews {
  if (verdict === null) return { kind: 'served', reason: '', pauseMs: 0, told };
  const reason = `${verdict.code}: ${verdict.message}`;
  if (verdict.next === 'park') return { kind: 'parked', reason, pauseMs: 0, told };
  if (verdict.next === 'wait') return { kind: 'limited', reason, pauseMs: coolFor(verdict.waitMs, random), told };
  // A picture that came spoiled was served, if badly: the next may be whole.
  const failed = verdict.next === 'retry' && verdict.outcome !== 'billed' && !ours;
  return { kind: failed ? 'failed' : 'answered', reason, pauseMs: 0, told };
}

/** How long an account gets no call after it asked for a pause. Providers that do not say how long mean seconds. */
function coolFor(askedMs: number | null, random: () => number): number {
  // A little more than asked, so that two clocks and many workers do not come back a moment too early.
  return Math.min(10 * 60_000, Math.ceil(askedMs ?? 2_000) + 50 + Math.round(200 * random()));
}

/** What has changed about an account by some news. */
export interface AccountChange {
  readonly kind: 'parked' | 'circuit_opened' | 'recovered' | 'slowed';
  /** `parked`, `circuit_opened`: for how long, in milliseconds. `slowed`: calls at the same time from now on. */
  readonly value: number;
}
