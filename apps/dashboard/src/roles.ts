import type { Scope } from './api/types.js';

/** Sets of scopes that a key is usually made with. */
export type Role = 'look' | 'order' | 'administer';

const look: readonly Scope[] = ['jobs:read', 'usage'];
const order: readonly Scope[] = ['jobs:write', 'jobs:read', 'batches', 'files', 'usage'];

/** What each role may, where the key that makes it has these scopes. */
export function scopesOfRoles(mine: readonly Scope[]): Readonly<Record<Role, readonly Scope[]>> {
  return { look, order, administer: mine };
}

export function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((scope) => other.includes(scope));
}
