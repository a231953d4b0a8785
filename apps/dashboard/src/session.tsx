import { createContext, useContext } from 'react';
import type { Client } from './api/client';
import type { ApiKey, Scope } from './api/types';

export interface Session {
  readonly client: Client;
  /** What the key is and may do. */
  readonly me: ApiKey;
  /** The key is no good any more: back to its entry. */
  readonly signOut: (reason?: string) => void;
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
