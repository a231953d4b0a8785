import { z } from 'zod';
import type { CostBasis } from './attempts.js';
import type { Usage } from './usage.js';
import type { JobRequest } from './job-request.js';
import { outputTokens } from './tokens.js';

/**
 * Prices as data. Inside, money is integer micro-dollars; a rate in USD per million tokens is therefore
 * micro-dollars per token. What is not known is null, never 0.
 */
const amount = z.number().min(0).max(1_000);

export const modelPrice = z.strictObject({
  /** USD per million tokens. */
  per_token: z.strictObject({ text_in: amount, image_in: amount, image_out: amount }).optional(),
  /** Price of one image by quality, then by size; `*` stands for any. */
  per_image: z.record(z.string(), z.record(z.string(), amount)).optional(),
});

export const priceTable = z.strictObject({
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .default('USD'),
  models: z.record(z.string(), modelPrice),
});

export type ModelPrice = z.output<typeof modelPrice>;
export type PriceTable = z.output<typeof priceTable>;

/** A table of which every amount is `factor` times another's: relays state their prices so. */
export function scaledPrices(table: PriceTable, factor: number): PriceTable {
  const scale = (value: number): number => Number((value * factor).toPrecision(6));
  const scaled = (row: Record<string, number>) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, scale(value)]));
  const models = Object.entries(table.models).map(([id, { per_token, per_image }]): [string, ModelPrice] => [
    id,
    {
      ...(per_token && { per_token: scaled(per_token) as NonNullable<ModelPrice['per_token']> }),
      ...(per_image && {
        per_image: Object.fromEntries(Object.entries(per_image).map(([quality, row]) => [quality, scaled(row)])),
      }),
    },
  ]);
  return { ...table, models: Object.fromEntries(models) };
}

/** A price for one image: micro-dollars, and what the figure rests on. */
export interface Price {
  readonly micros: number;
  readonly basis: CostBasis;
}

const micros = (usd: number): number => Math.round(usd * 1_000_000);

/** The dearest of what `auto` may become, else the price of exactly this quality and size. */
function tablePrice(table: Record<string, Record<string, number>>, quality: string, size: string): number | null {
  const rows = quality === 'auto' ? Object.values(table) : [table[quality] ?? table['*']];
  const prices = rows.flatMap((row) => (row ? (size === 'auto' ? Object.values(row) : [row[size] ?? row['*']]) : []));
  const known = prices.filter((price): price is number => price !== undefined);
  return known.length === 0 ? null : Math.max(...known);
}

/** Output tokens of one partial image, whatever its size. */
const previewTokens = 100;

/** What one image of this request is expected to cost, or null. `rate` is USD per unit of the table's currency. */
export function imageEstimate(
  price: ModelPrice | undefined,
  model: string,
  request: JobRequest,
  rate: number,
): Price | null {
  if (!price) return null;
  const candidates: Price[] = [];
  const flat = price.per_image && tablePrice(price.per_image, request.quality ?? 'auto', request.size ?? 'auto');
  if (flat != null) candidates.push({ micros: micros(flat * rate), basis: 'per_image' });
  const tokens = price.per_token && outputTokens(model, request.size, request.quality);
  if (price.per_token && tokens != null) {
    const all = tokens + previewTokens * (request.partial_images ?? 0);
    candidates.push({ micros: Math.round(all * price.per_token.image_out * rate), basis: 'table' });
  }
  // Where an account bills by token or by image, it bills whichever is cheaper.
  return candidates.sort((a, b) => a.micros - b.micros)[0] ?? null;
}

/** What a call cost: from the provider's own token count where it told one, else from the table. */
export function callCost(
  price: ModelPrice | undefined,
  model: string,
  request: JobRequest,
  images: number,
  usage: Usage | null,
  rate: number,
): Price | null {
  const estimate = imageEstimate(price, model, request, rate);
  const byTable = estimate && { micros: estimate.micros * images, basis: estimate.basis };
  if (!price?.per_token || !usage) return byTable;
  const details = usage.input_tokens_details ?? { text_tokens: usage.input_tokens, image_tokens: 0 };
  const { text_in, image_in, image_out } = price.per_token;
  const sum = details.text_tokens * text_in + details.image_tokens * image_in + usage.output_tokens * image_out;
  const byToken: Price = { micros: Math.round(sum * rate), basis: 'tokens' };
  return byTable?.basis === 'per_image' && byTable.micros < byToken.micros ? byTable : byToken;
}

/** Micro-dollars as the decimal number of dollars that answers carry. */
export function dollars(amountMicros: number | null): number | null {
  return amountMicros === null ? null : amountMicros / 1_000_000;
}
