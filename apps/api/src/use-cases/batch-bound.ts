import type { AccountUse } from '@rendermill/shared/adapters/redis/account-books';
import type { AccountState } from '@rendermill/shared/adapters/redis/account-state';
import { booksOf, type Book } from '@rendermill/shared/adapters/redis/books';
import { providerModel, type Account } from '@rendermill/shared/domain/accounts';
import type { Batch } from '@rendermill/shared/domain/batch';
import type { ApiDeps } from '../deps.js';

/** What keeps a running batch from going faster, now. */
export const bounds = [
  'paused',
  'max_cost',
  'account_parked',
  'rate_limited',
  'requests_per_day',
  'images_per_month',
  'requests_per_minute',
  'images_per_minute',
  'concurrency',
] as const;
export type Bound = (typeof bounds)[number];

/** The limit that binds at the account that comes first; null where one has room, or nothing is to be done. */
export async function boundOf(
  deps: Pick<ApiDeps, 'accounts' | 'accountBooks' | 'accountState'>,
  batch: Batch,
): Promise<Bound | null> {
  if (batch.status !== 'in_progress') return null;
  if (batch.paused_at !== null) return 'paused';
  if (batch.rest === 'budget_exceeded') return 'max_cost';
  const accounts = deps.accounts
    .filter(({ modes }) => modes.includes(batch.mode))
    .filter((account) => batch.model === null || providerModel(account, batch.model) !== null)
    .sort((a, b) => a.priority - b.priority || b.weight - a.weight);
  const found = await Promise.all(accounts.map(async (account) => boundOfAccount(deps, account, batch.model)));
  if (found.includes(null)) return null;
  // What one account refuses for long is no reason while another is only busy.
  return found.find((bound) => bound !== 'account_parked') ?? found[0] ?? null;
}

/** What binds in its own book, or in the model's where that is counted apart. */
async function boundOfAccount(
  deps: Pick<ApiDeps, 'accountBooks' | 'accountState'>,
  account: Account,
  model: string | null,
): Promise<Bound | null> {
  const bound = await Promise.all(
    booksOf(account, model).map(async (book) => {
      const [use, state] = await Promise.all([deps.accountBooks.read(book), deps.accountState(book)]);
      return boundAt(book, use, state);
    }),
  );
  return bounds.find((one) => bound.includes(one)) ?? null;
}

function boundAt({ limits }: Book, use: AccountUse, state: AccountState): Bound | null {
  if (state.parked || state.circuit === 'open') return 'account_parked';
  if (state.coolDownMs > 0) return 'rate_limited';
  const full = (limit: number | null, used: number): boolean => limit !== null && used >= limit;
  if (full(limits.requests_per_day, use.requestsToday)) return 'requests_per_day';
  if (full(limits.images_per_month, use.imagesThisMonth)) return 'images_per_month';
  if (full(state.requestsPerMinute, use.requestsLastMinute)) return 'requests_per_minute';
  if (full(limits.images_per_minute, use.imagesLastMinute)) return 'images_per_minute';
  return use.calls >= state.concurrency ? 'concurrency' : null;
}
