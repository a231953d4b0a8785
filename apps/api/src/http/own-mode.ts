import { RendermillError } from '@rendermill/shared/domain/errors';
import type { Mode } from '@rendermill/shared/domain/job';
import type { Caller } from '../deps.js';

/** A test key reads what its project has, and sets nothing going (or ends it) that costs money. */
export function requireOwnMode(caller: Caller, thing: { readonly mode: Mode }): void {
  if (caller.mode === 'live' || thing.mode === 'test') return;
  throw new RendermillError('insufficient_scope', 'A test key changes nothing that a live key has ordered.');
}
