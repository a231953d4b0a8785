import { useSyncExternalStore } from 'react';
import type { Scope } from './api/types';

/** Pages stand behind the `#`, so that the server serves one page, and a reload comes back to the same place. */
export type Page =
  | { readonly name: 'batches' }
  | { readonly name: 'batch'; readonly id: string }
  | { readonly name: 'jobs' }
  | { readonly name: 'job'; readonly id: string }
  | { readonly name: 'new' }
  | { readonly name: 'providers' }
  | { readonly name: 'webhooks' }
  | { readonly name: 'endpoint'; readonly id: string }
  | { readonly name: 'keys' }
  | { readonly name: 'usage' }
  | { readonly name: 'none' };

export const paths = {
  batches: '#/batches',
  batch: (id: string) => `#/batches/${id}`,
  jobs: '#/jobs',
  job: (id: string) => `#/jobs/${id}`,
  new: '#/new',
  providers: '#/providers',
  webhooks: '#/webhooks',
  endpoint: (id: string) => `#/webhooks/${id}`,
  keys: '#/keys',
  usage: '#/usage',
} as const;

/** What a key must be allowed to see a page at all. */
export const scopesOf: Readonly<Record<Page['name'], readonly Scope[]>> = {
  batches: ['batches'],
  batch: ['batches'],
  jobs: ['jobs:read'],
  job: ['jobs:read'],
  new: ['batches', 'files'],
  providers: ['operator'],
  webhooks: ['webhooks'],
  endpoint: ['webhooks'],
  keys: ['admin'],
  usage: ['usage'],
  none: [],
};

const lists = { batches: 'batch', jobs: 'job', webhooks: 'endpoint' } as const;
const alone = ['new', 'providers', 'keys', 'usage'] as const;

/** Null: no page is named. */
export function pageOf(hash: string): Page | null {
  const [, first = '', id] = hash.split('/');
  if (first === '') return null;
  if (first === 'batches' || first === 'jobs' || first === 'webhooks')
    return id ? { name: lists[first], id } : { name: first };
  return { name: alone.find((name) => name === first) ?? 'none' };
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
