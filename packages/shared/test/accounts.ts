import type { Account } from '@rendermill/shared/domain/accounts';
import type { AccountNews } from '@rendermill/shared/domain/account-news';
import { presets } from '@rendermill/shared/domain/presets/index';
import type { AccountLimits } from '@rendermill/shared/domain/presets/preset';
import { nothingTold } from '@rendermill/shared/domain/told-limits';

/** Accounts and news of them, for tests that need no provider. */

let accounts = 0;
export function account(limits: Partial<AccountLimits>, more: Partial<Account> = {}): Account {
  const preset = presets.openai;
  return {
    id: `account-${accounts++}`,
    preset,
    baseUrl: '',
    apiKey: '',
    models: 'any',
    limits: { ...preset.limits, ...limits },
    modes: ['live'],
    priority: 0,
    weight: 1,
    timeoutMs: 1,
    prices: {},
    accepts: {},
    findings: {},
    ...more,
  };
}

/** `told`: limits in the answer's headers. */
export function news(
  kind: AccountNews['kind'] = 'served',
  more: Partial<Omit<AccountNews, 'told'>> & { readonly told?: Partial<AccountNews['told']> } = {},
): AccountNews {
  const about = more.about ?? 'account';
  return { kind, reason: 'why', pauseMs: 0, ...more, about, told: { ...nothingTold, about, ...more.told } };
}
