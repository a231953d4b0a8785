import { ApiError, type Client } from '../api/client';
import type { Estimate, Preview } from '../api/types';
import { amountOf } from './amount';
import type { Draft, Fields } from './draft';
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
  return { source, draft, body, idempotencyKey: newIdempotencyKey(), maxCost: maxCostOf(body), preview, price };
}

/** Neither name nor maximum is in what was seen: another of them needs no other look. As it is where more has changed. */
export function withTerms(look: Look, draft: Draft): Look {
  const { name, maxCost } = draft.fields;
  const fields = { ...look.draft.fields, name, maxCost };
  const isSame = (Object.keys(fields) as (keyof Fields)[]).every((field) => fields[field] === draft.fields[field]);
  if (look.draft === draft || !isSame || amountOf(maxCost).fault !== null) return look;
  const body = bodyOf(look.source, draft.fields);
  // Another body under the same key would be refused.
  return { ...look, draft, body, idempotencyKey: newIdempotencyKey(), maxCost: maxCostOf(body) };
}

function maxCostOf(body: Look['body']): number | null {
  return typeof body['max_cost'] === 'number' ? body['max_cost'] : null;
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
