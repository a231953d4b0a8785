import type { Account } from '../domain/accounts.js';
import { modelRow } from '../domain/models.js';

/** A model as a label: those that configuration or our table name. An account that takes any name would make any number. */
export function modelLabel(account: Pick<Account, 'models'> | undefined, model: string): string {
  const named = account && account.models !== 'any' && Object.hasOwn(account.models, model);
  return named || modelRow(model) ? model : 'other';
}
