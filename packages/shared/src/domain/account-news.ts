import type { Preset } from './presets/preset.js';
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
  /** `model`: it is true of the call's model, and the account's others go on. */
  readonly about: About;
  readonly told: ToldLimits & { readonly about: About };
}

/** Of a reason what may stand in logs: our code, and not the provider's words, which may repeat what it was asked. */
export function codeIn(reason: string): string {
  return reason.split(':', 1)[0] ?? '';
}

export type About = 'account' | 'model';

/** What was called, as far as it decides what its answer is about. */
export interface Called {
  readonly preset: Pick<Preset, 'limitsPerModel'>;
  /** The provider's own name of the model. */
  readonly model: string;
}

/** The news in a call's verdict; null: pictures came. `ours`: it was this worker that failed. */
export function newsOf(
  verdict: Verdict | null,
  limits: ToldLimits,
  called: Called,
  ours: boolean,
  random: () => number,
): AccountNews {
  const told = { ...limits, about: called.preset.limitsPerModel ? ('model' as const) : ('account' as const) };
  if (verdict === null) return { kind: 'served', reason: '', pauseMs: 0, about: 'account', told };
  const news = { reason: `${verdict.code}: ${verdict.message}`, pauseMs: 0, about: aboutOf(verdict, called), told };
  if (verdict.next === 'park') return { ...news, kind: 'parked' };
  if (verdict.next === 'wait') return { ...news, kind: 'limited', pauseMs: coolFor(verdict.waitMs, random) };
  // A picture that came spoiled was served, if badly: the next may be whole.
  const failed = verdict.next === 'retry' && verdict.outcome !== 'billed' && !ours;
  return { ...news, kind: failed ? 'failed' : 'answered' };
}

/**
 * A limit is about the model where the provider is known to count so, or says its name; a purse only where the message
 * says the model's name, for most are the account's. Where no book of the model is kept, all of it is the account's.
 */
function aboutOf({ next, message }: Verdict, { preset, model }: Called): About {
  if (next !== 'wait' && next !== 'park') return 'account';
  return namesModel(message, model) || (next === 'wait' && preset.limitsPerModel) ? 'model' : 'account';
}

/** True where a text has the name as a word: `gpt-image-1.5` does not name `gpt-image-1`. */
function namesModel(text: string, model: string): boolean {
  const name = model.replaceAll(/[^a-zA-Z0-9]/g, String.raw`\$&`);
  return new RegExp(String.raw`(?<![\w.-])${name}(?![\w-]|\.\w)`, 'i').test(text);
}

/** How long an account gets no call after it asked for a pause. Providers that do not say how long mean seconds. */
function coolFor(askedMs: number | null, random: () => number): number {
  // A little more than asked, so that two clocks and many workers do not come back a moment too early.
  return Math.min(10 * 60_000, Math.ceil(askedMs ?? 2_000) + 50 + Math.round(200 * random()));
}

/** What has changed about an account by some news. */
export interface AccountChange {
  readonly kind: 'parked' | 'circuit_opened' | 'recovered' | 'slowed';
  /** Whose standing has changed: the account's, or only that of the call's model there. */
  readonly about: About;
  /** `parked`, `circuit_opened`: for how long, in milliseconds. `slowed`: calls at the same time from now on. */
  readonly value: number;
}
