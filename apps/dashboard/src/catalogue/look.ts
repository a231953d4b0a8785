import { ApiError, type Client } from '../api/client';
import type { Estimate, Preview } from '../api/types';
import type { Draft } from './draft';
import type { Source } from './source';
import { bodyOf, newIdempotencyKey } from './template';

/** What was looked at last: exactly this is what starts. */
export interface Look {
  readonly source: Source;
  readonly draft: Draft;
  readonly body: Readonly<Record<string, unknown>>;
  /** Asked for twice it is one batch. */
  readonly idempotencyKey: string;
  readonly maxCost: number | null;
  readonly preview: Preview;
  readonly price: Price;
}

export type Price =
  | { readonly kind: 'known'; readonly estimate: Estimate }
  /** Who knows what it costs may start all the same. */
  | { readonly kind: 'unknown'; readonly message: string }
  /** The batch would be refused. */
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'no_rows' };

export async function lookAt(client: Client, source: Source, draft: Draft): Promise<Look> {
  const body = bodyOf(source, draft.fields);
  const preview = await client.post<Preview>('/v1/batches/preview?limit=8', body);
  const price = await priceOf(client, body, preview);
  const maxCost = typeof body['max_cost'] === 'number' ? body['max_cost'] : null;
  return { source, draft, body, idempotencyKey: newIdempotencyKey(), maxCost, preview, price };
}

async function priceOf(client: Client, body: unknown, { data }: Preview): Promise<Price> {
  if (data.length === 0) return { kind: 'no_rows' };
  const unpriced = data.find(({ error }) => error?.code === 'price_unknown')?.error;
  if (unpriced) return { kind: 'unknown', message: unpriced.message };
  try {
    return { kind: 'known', estimate: await client.post<Estimate>('/v1/estimates', body) };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const { code, status, message } = error;
    // A key that may order and not ask for prices knows none either.
    if (code === 'price_unknown' || code === 'insufficient_scope') return { kind: 'unknown', message };
    if (status === 400 || status === 404) return { kind: 'refused', message };
    throw error;
  }
}
