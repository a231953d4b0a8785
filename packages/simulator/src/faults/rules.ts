import { createHash } from 'node:crypto';
import { z } from 'zod';
import { faultSchema, type Fault } from './kinds.js';

/** When a fault happens. Every condition must hold; the first rule that applies wins. */
const ruleSchema = z.strictObject({
  when: z
    .strictObject({
      /** Only the nth request that meets the other conditions, counted from 1 since the rules were set. */
      nth: z.number().int().min(1).optional(),
      /** Every nth of them. */
      everyNth: z.number().int().min(1).optional(),
      /** Share of them, 0–1; drawn from the simulator's seed and the request number. */
      probability: z.number().min(0).max(1).optional(),
      promptIncludes: z.string().optional(),
      model: z.string().optional(),
      /** Beginning of the path below `/v1`, such as `/images/edits`. */
      path: z.string().optional(),
    })
    .prefault({}),
  /** How often it happens at most; default: always. */
  times: z.number().int().min(1).optional(),
  fault: faultSchema,
});

export const ruleList = z.array(ruleSchema);

export type FaultRule = z.input<typeof ruleSchema>;

/** What rules look at. */
export interface RuleSubject {
  readonly number: number;
  readonly prompt: string;
  readonly model: string;
  readonly path: string;
}

interface RunningRule extends z.output<typeof ruleSchema> {
  seen: number;
  done: number;
}

export class FaultRules {
  readonly #seed: number;
  #rules: RunningRule[] = [];

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Replaces every rule; counts start anew. */
  set(rules: readonly FaultRule[]): void {
    this.#rules = ruleList.parse(rules).map((rule) => ({ ...rule, seen: 0, done: 0 }));
  }

  /** The fault of a request, or null. Counts it in every rule, so that `nth` means the same wherever a rule stands. */
  pick(subject: RuleSubject): Fault | null {
    const applying = this.#rules.filter((rule, i) => this.#applies(rule, i, subject));
    const winner = applying[0];
    if (!winner) return null;
    winner.done += 1;
    return winner.fault;
  }

  #applies(rule: RunningRule, index: number, subject: RuleSubject): boolean {
    const { nth, everyNth, probability, promptIncludes, model, path } = rule.when;
    if (promptIncludes !== undefined && !subject.prompt.includes(promptIncludes)) return false;
    if (model !== undefined && subject.model !== model) return false;
    if (path !== undefined && !subject.path.startsWith(path)) return false;
    rule.seen += 1;
    if (rule.times !== undefined && rule.done >= rule.times) return false;
    if (nth !== undefined && rule.seen !== nth) return false;
    if (everyNth !== undefined && rule.seen % everyNth !== 0) return false;
    return probability === undefined || this.#chance(`${index}/${subject.number}`) < probability;
  }

  #chance(label: string): number {
    return createHash('sha256').update(`${this.#seed}/${label}`).digest().readUInt32BE(0) / 2 ** 32;
  }
}
