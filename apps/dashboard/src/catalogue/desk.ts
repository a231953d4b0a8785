import { useCallback, useSyncExternalStore } from 'react';
import { newDraft, type Draft } from './draft';
import type { Look } from './look';
import type { Source } from './source';

/**
 * What lies on the page for a new batch. It is held above the page, so that a look at another loses nothing; file and
 * draft outlive a reload in this tab's storage.
 */
export interface Desk {
  readonly source: Source | null;
  readonly draft: Draft;
  readonly look: Look | null;
  readonly upload: Upload | null;
  /** Why the last file was not taken. */
  readonly problem: string | null;
}

export interface Upload {
  readonly name: string;
  readonly size: number;
  readonly sent: number;
  readonly abort: AbortController;
}

export type ChangeDesk = (change: (before: Desk) => Desk) => void;

/** The number changes with what is kept. */
const saved = 'rendermill.new-batch.1';
const listeners = new Set<() => void>();
let held: { readonly owner: string; readonly desk: Desk } | null = null;

/** `owner`: the key's id. Another key in the same tab finds nothing of it. */
export function useDesk(owner: string): readonly [Desk, ChangeDesk] {
  const desk = useSyncExternalStore(subscribe, () => deskOf(owner));
  const change = useCallback<ChangeDesk>((next) => put(owner, next), [owner]);
  return [desk, change];
}

function subscribe(changed: () => void): () => void {
  listeners.add(changed);
  return () => listeners.delete(changed);
}

function deskOf(owner: string): Desk {
  if (held?.owner !== owner) {
    held?.desk.upload?.abort.abort();
    held = { owner, desk: { source: null, draft: newDraft, ...load(owner), look: null, upload: null, problem: null } };
  }
  return held.desk;
}

function put(owner: string, change: (before: Desk) => Desk): void {
  // A late answer for a key that is gone.
  if (held?.owner !== owner) return;
  const { desk } = held;
  const next = change(desk);
  held = { owner, desk: next };
  if (next.source !== desk.source || next.draft !== desk.draft) save(owner, next);
  for (const changed of listeners) changed();
}

interface Saved {
  readonly owner: string;
  readonly draft: Draft;
  readonly source: (Omit<Source, 'head'> & { readonly head: string }) | null;
}

function save(owner: string, { draft, source }: Desk): void {
  const head = source ? btoa(Array.from(source.head, (byte) => String.fromCharCode(byte)).join('')) : '';
  const kept: Saved = { owner, draft, source: source && { ...source, head } };
  try {
    sessionStorage.setItem(saved, JSON.stringify(kept));
  } catch {
    // No room: it is kept until the tab is loaded again. What was kept before is of another draft.
    sessionStorage.removeItem(saved);
  }
}

function load(owner: string): Pick<Desk, 'draft' | 'source'> | null {
  const kept = JSON.parse(sessionStorage.getItem(saved) ?? 'null') as Saved | null;
  if (kept?.owner !== owner) return null;
  const { draft, source } = kept;
  return {
    draft,
    source: source && { ...source, head: Uint8Array.from(atob(source.head), (char) => char.charCodeAt(0)) },
  };
}
