import { RendermillError } from '@rendermill/shared/domain/errors';
import type { Mode } from '@rendermill/shared/domain/job';
import type { Caller } from '../deps.js';

interface Order {
  readonly mode: Mode;
  /** The API key that ordered it. */
  readonly key_id: string;
}

/** A test key reads what its project has, and changes nothing of it that costs money. */
export function requireOwnMode(caller: Caller, { mode }: Pick<Order, 'mode'>): void {
  if (caller.mode === 'live' || mode === 'test') return;
  throw new RendermillError('insufficient_scope', 'A test key changes nothing that a live key has ordered.');
}

/** The same of a retry, which is charged to the key of the first order: a key with a limit begins only its own anew. */
export function requireOwnOrder(caller: Caller, order: Order): void {
  requireOwnMode(caller, order);
  if (caller.spendLimit === null || caller.keyId === order.key_id) return;
  throw new RendermillError(
    'insufficient_scope',
    'A retry is charged to the API key that ordered first: one with a spend_limit retries only what it ordered itself.',
  );
}
