import { countsApart, modelLimits, type Account } from '../../domain/accounts.js';
import type { Limits } from '../../domain/presets/preset.js';

/** What is counted together in Redis, under `account:<name>:…`: an account, or one of its models where that is counted apart. */
export interface Book {
  readonly name: string;
  readonly limits: Limits;
}

export function accountBook({ id, limits }: Account): Book {
  return { name: id, limits };
}

/** Null where the account does not count the model apart. */
export function modelBook(account: Account, model: string | null): Book | null {
  if (model === null || !countsApart(account, model)) return null;
  return { name: `${account.id}:model:${model}`, limits: modelLimits(account, model) };
}

/** The account's, and the model's where there is one: a call counts in each. */
export function booksOf(account: Account, model: string | null): Book[] {
  const apart = modelBook(account, model);
  return apart ? [accountBook(account), apart] : [accountBook(account)];
}
