import { noLimits, type AccountLimits, type Limits, type Preset } from './presets/preset.js';
import type { Mode } from './job.js';
import type { AccountPrice } from './prices.js';
import type { Findings } from './profile.js';

/** One key at one provider, as configured. The key itself never leaves the process that read it. */
export interface Account {
  readonly id: string;
  readonly preset: Preset;
  readonly baseUrl: string;
  readonly apiKey: string;
  /** Our model names → theirs, or `any`. */
  readonly models: 'any' | Readonly<Record<string, string>>;
  readonly limits: AccountLimits;
  /** Whose jobs it serves: a configured account those of live keys, the built-in simulator those of test keys. */
  readonly modes: readonly Mode[];
  /** Lower first. */
  readonly priority: number;
  /** Share within one priority. */
  readonly weight: number;
  readonly timeoutMs: number;
  /** By our model name. One that is not there is unknown. */
  readonly prices: Readonly<Record<string, AccountPrice>>;
  /** What the configuration says that it takes (true) or not, by feature: over what was found and what the preset says. */
  readonly accepts: Readonly<Record<string, boolean>>;
  /** What it turned out to take, by model and feature: only what is recent and of this very key and address. */
  readonly findings: Findings;
}

/** The id of the account that `rm_test_` keys and installations without a provider use. */
export const simulatorAccountId = 'simulator';

/** The provider's own name of a model, or null where the account does not sell it. */
export function providerModel(account: Account, model: string): string | null {
  // Tables go by models' names: one that every object has would be found in each of them.
  if (account.models === 'any') return model in Object.prototype ? null : model;
  return Object.hasOwn(account.models, model) ? (account.models[model] ?? null) : null;
}

/** True where an account's limits, pauses and refusals of a model are kept apart from those of its others. */
export function countsApart(account: Account, model: string): boolean {
  const { preset, limits, models } = account;
  // Only names that stand in preset or configuration: each has books of its own in Redis.
  return Object.hasOwn(limits.per_model, model) || (preset.limitsPerModel && models !== 'any');
}

/** The limits of a model that is counted apart: those that are configured, else the account's calls at once alone. */
export function modelLimits({ limits }: Account, model: string): Limits {
  return limits.per_model[model] ?? { ...noLimits, concurrency: limits.concurrency };
}

/** The models that an account counts apart. */
export function modelsApart(account: Account): string[] {
  const names = account.models === 'any' ? Object.keys(account.limits.per_model) : Object.keys(account.models);
  return names.filter((model) => countsApart(account, model));
}
