import { createContext, useContext } from 'react';
import type { Client } from './api/client';
import type { CurrentKey, Scope } from './api/types';

export interface Session {
  readonly client: Client;
  /** What the key is and may do. */
  readonly me: CurrentKey;
  /** The key is no good any more: back to its entry. */
  readonly signOut: (reason?: string) => void;
  /** Changes the key that this page uses, by what answers with the next one; the page stays as it is. */
  readonly renew: <T extends { readonly key: string | null }>(rotate: () => Promise<T>) => Promise<T>;
}

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('useSession stands outside of a session');
  return session;
}

export function useMay(): (scope: Scope) => boolean {
  const { me } = useSession();
  return (scope) => me.scopes.includes(scope);
}
