import type { OverLimit } from '@rendermill/shared/adapters/redis/job-store';
import { RendermillError } from '@rendermill/shared/domain/errors';
import type { ApiDeps, Caller } from '../deps.js';
import { tooManyImages } from './image-limits.js';

/** The spend limit of an API key: nothing is queued that could go beyond it. */

type Deps = Pick<ApiDeps, 'apiKeys'>;

/** What is to be kept within a limit, as {@link expectedCost} asks for it. */
export const limitOf = ({ spendLimit }: Caller): string | null =>
  spendLimit === null ? null : 'this API key has a spend_limit';

/**
 * Sets aside what a new batch may cost, at most `wanted` (null: all that is left). Answers what it got, which goes for
 * the batch's max_cost; `wanted` itself where the key has no limit. A job's share, and a retry's, is set aside as that is written.
 */
export async function reserveForBatch(
  deps: Deps,
  caller: Caller,
  batch: string,
  wanted: number | null,
): Promise<number | null> {
  const { keyId: id, spendLimit: limit } = caller;
  if (limit === null) return wanted;
  const { got, taken } = await deps.apiKeys.reserve({ id, limit }, batch, wanted);
  if (got === null) throw overSpend(caller, taken);
  return got;
}

/** Why a limit of the API key refuses an order. */
export function overLimit(caller: Caller, { how, fact }: OverLimit): RendermillError {
  return how === 'over_limit' ? overSpend(caller, fact) : tooManyImages(caller, how, fact);
}

function overSpend({ spendLimit }: Caller, taken: number): RendermillError {
  const usd = (micros: number): string => `$${(micros / 1_000_000).toFixed(2)}`;
  return new RendermillError(
    'budget_exceeded',
    `The spend_limit of this API key (${usd(spendLimit ?? 0)}) has no room for this: ${usd(taken)} are spent or under way.`,
  );
}
