import type { AccountLimits, Preset } from './presets/preset.js';
import type { Mode } from './job.js';
import type { PriceTable } from './prices.js';
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
  readonly prices: PriceTable | null;
  /** USD for one unit of the price table's currency, or null where no rate is configured. */
  readonly usdRate: number | null;
  /** What the configuration says that it takes (true) or not, by feature: over what was found and what the preset says. */
  readonly accepts: Readonly<Record<string, boolean>>;
  /** What it turned out to take, by model and feature: only what is recent and of this very key and address. */
  readonly findings: Findings;
}

/** The id of the account that `rm_test_` keys and installations without a provider use. */
export const simulatorAccountId = 'simulator';

/** The provider's own name of a model, or null where the account does not sell it. */
export function providerModel(account: Account, model: string): string | null {
  if (account.models === 'any') return model;
  return account.models[model] ?? null;
}
