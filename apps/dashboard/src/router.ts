import { useSyncExternalStore } from 'react';

/** Pages stand behind the `#`, so that the server serves one page, and a reload comes back to the same place. */
export type Page =
  | { readonly name: 'batches' }
  | { readonly name: 'batch'; readonly id: string }
  | { readonly name: 'job'; readonly id: string }
  | { readonly name: 'new' }
  | { readonly name: 'providers' };

export const paths = {
  batches: '#/batches',
  batch: (id: string) => `#/batches/${id}`,
  job: (id: string) => `#/jobs/${id}`,
  new: '#/new',
  providers: '#/providers',
} as const;

export function pageOf(hash: string): Page {
  const [, first, id] = hash.split('/');
  if (first === 'batches' && id) return { name: 'batch', id };
  if (first === 'jobs' && id) return { name: 'job', id };
  if (first === 'new' || first === 'providers') return { name: first };
  return { name: 'batches' };
}

export function go(path: string): void {
  window.location.hash = path;
}

function subscribe(changed: () => void): () => void {
  window.addEventListener('hashchange', changed);
  return () => window.removeEventListener('hashchange', changed);
}

export function useHash(): string {
  return useSyncExternalStore(subscribe, () => window.location.hash);
}
