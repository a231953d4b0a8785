import { useEffect, useSyncExternalStore } from 'react';
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

/** What a key must be allowed to see a page at all: of each list one scope. */
const needs: Readonly<Record<Page['name'], readonly (readonly Scope[])[]>> = {
  batches: [['jobs:read', 'batches']],
  batch: [['jobs:read', 'batches']],
  jobs: [['jobs:read']],
  job: [['jobs:read']],
  new: [['batches'], ['files']],
  providers: [['operator']],
  webhooks: [['webhooks']],
  endpoint: [['webhooks']],
  keys: [['admin']],
  usage: [['usage']],
  none: [],
};

/** What a key with these scopes lacks to see the page; empty: nothing. */
export function lackingFor(page: Page['name'], scopes: readonly Scope[]): readonly (readonly Scope[])[] {
  return needs[page].filter((enough) => !enough.some((scope) => scopes.includes(scope)));
}

const lists = { batches: 'batch', jobs: 'job', webhooks: 'endpoint' } as const;
const alone = ['new', 'providers', 'keys', 'usage'] as const;

/** Null: no page is named. */
export function pageOf(hash: string): Page | null {
  const [, first = '', id] = (hash.split('?')[0] ?? '').split('/');
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

/**
 * What the address says of a page beyond its name, as `?view=failures`: the page's state that a link, a reload and the
 * way back keep. It is written in the place of what was there, so that one step back still leaves the page.
 */
export function useParameter(name: string): readonly [string | null, (value: string | null) => void] {
  return [parametersOf(useHash()).get(name), (value) => setParameters({ [name]: value })];
}

export function setParameters(changes: Readonly<Record<string, string | null>>): void {
  const { hash } = window.location;
  const parameters = parametersOf(hash);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) parameters.delete(name);
    else parameters.set(name, value);
  }
  const query = parameters.size > 0 ? `?${parameters}` : '';
  const next = (hash.split('?')[0] ?? '') + query;
  if (next === hash) return;
  window.history.replaceState(window.history.state, '', next);
  // The browser tells nobody of a replaced address.
  window.dispatchEvent(new HashChangeEvent('hashchange'));
}

const parametersOf = (hash: string): URLSearchParams => new URLSearchParams(hash.split('?')[1] ?? '');

const left = new Map<string, string>();

/** Where a batch's page was left: its view, filter and place, for the way back from one of its lines. */
export function useWayBack(batch: string): void {
  const hash = useHash();
  useEffect(() => {
    const page = pageOf(hash);
    if (page?.name === 'batch' && page.id === batch) left.set(batch, hash);
  }, [batch, hash]);
}

/** The way to a batch's page as it was left; who was not there comes to the line in its gallery. */
export function wayBack(batch: string, line: number | null): string {
  const at = line === null ? '' : `?place=${line}`;
  return left.get(batch) ?? paths.batch(batch) + at;
}

/** A line of a batch is a job whose id is its batch's and its number. */
export const isLineId = (job: string): boolean => job.includes('-');
