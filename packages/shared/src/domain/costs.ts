import type { CostBasis } from './attempts.js';
import type { JobInput, JobRequest, Operation } from './job-request.js';
import { modelRow } from './models.js';
import type { AccountPrice } from './prices.js';
import { inputTokens, outputTokens } from './tokens.js';
import type { Usage } from './usage.js';

/** What is asked for, as far as a price depends on it. Inputs whose size is not known yet have none. */
export interface Wanted {
  readonly model: string;
  readonly type: Operation;
  readonly request: JobRequest;
  readonly inputs: readonly Pick<JobInput, 'width' | 'height'>[];
}

/** A price in micro-dollars, and what the figure rests on. */
export interface Price {
  readonly micros: number;
  readonly basis: CostBasis;
}

/**
 * What an estimate leaves out, because nobody has published it or nobody knows it yet: the tokens of input images, the
 * tokens of words that a model answers beside its picture, and what `auto` quality costs where it becomes one without a
 * price.
 */
export const notCounted = ['input_image_tokens', 'output_text_tokens', 'dearer_qualities'] as const;
export type NotCounted = (typeof notCounted)[number];

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

/** What one image of this request is expected to cost, or null. Providers count its input anew for each image of a call. */
export function imageEstimate(price: AccountPrice | undefined, wanted: Wanted): Price | null {
  if (!price || price.usdRate === null) return null;
  const { model, request } = wanted;
  const { per_token, per_image, usdRate } = price;
  const candidates: Price[] = [];
  const flat = per_image && tablePrice(per_image, request.quality ?? 'auto', request.size ?? 'auto');
  if (flat != null) candidates.push({ micros: micros(flat * usdRate), basis: 'per_image' });
  const output = per_token && outputTokens(model, request.size, request.quality);
  if (per_token && output != null) {
    const { text, images } = inputTokens(wanted);
    const out = (output + previewTokens * (request.partial_images ?? 0)) * per_token.image_out;
    const all = out + text * per_token.text_in + (images ?? 0) * per_token.image_in;
    candidates.push({ micros: Math.round(all * usdRate), basis: 'table' });
  }
  // Where an account bills by token or by image, it bills whichever is cheaper.
  return candidates.sort((a, b) => a.micros - b.micros)[0] ?? null;
}

/** What an estimate at this price leaves out. */
export function leftOut(price: AccountPrice, wanted: Wanted): NotCounted[] {
  const { model, request } = wanted;
  const byToken = imageEstimate(price, wanted)?.basis === 'table';
  const qualities = (request.quality ?? 'auto') === 'auto' ? (modelRow(model)?.qualities ?? []) : [];
  const unpriced = qualities.some(
    (quality) => imageEstimate(price, { ...wanted, request: { ...request, quality } }) === null,
  );
  return [
    ...(byToken && inputTokens(wanted).images === null ? (['input_image_tokens'] as const) : []),
    ...(byToken && price.per_token?.text_out !== undefined ? (['output_text_tokens'] as const) : []),
    ...(unpriced ? (['dearer_qualities'] as const) : []),
  ];
}

/** What a call cost: from the provider's own token count where it told one, else from the table. */
export function callCost(
  price: AccountPrice | undefined,
  wanted: Wanted,
  images: number,
  usage: Usage | null,
): Price | null {
  const estimate = imageEstimate(price, wanted);
  const byTable = estimate && { micros: estimate.micros * images, basis: estimate.basis };
  if (!price?.per_token || price.usdRate === null || !usage) return byTable;
  const { text_in, image_in, image_out, text_out = image_out } = price.per_token;
  const input = usage.input_tokens_details ?? split(usage.input_tokens, wanted, images);
  const words = usage.output_tokens_details?.text_tokens ?? 0;
  const sum =
    input.text_tokens * text_in +
    input.image_tokens * image_in +
    words * text_out +
    (usage.output_tokens - words) * image_out;
  const byToken: Price = { micros: Math.round(sum * price.usdRate), basis: 'tokens' };
  return byTable?.basis === 'per_image' && byTable.micros < byToken.micros ? byTable : byToken;
}

/** Input tokens of which a provider told the sum alone: what the prompt cannot have taken is of the images. */
function split(sum: number, wanted: Wanted, images: number): { text_tokens: number; image_tokens: number } {
  if (wanted.inputs.length === 0) return { text_tokens: sum, image_tokens: 0 };
  const text = Math.min(sum, inputTokens(wanted).text * images);
  return { text_tokens: text, image_tokens: sum - text };
}
