import { rowOrDefault } from './models.js';

/**
 * What a call costs, in micro-dollars. Written from OpenAI's price page on purpose, sharing no line with the product:
 * two books that agree prove something only when they were kept by different hands.
 */

/** Micro-dollars per token, which is the same number as dollars per million tokens. */
export interface TokenPrice {
  readonly text_in: number;
  readonly image_in: number;
  readonly image_out: number;
}

/** Micro-dollars per image, by quality, then by size; `*` stands for any. */
export interface ImagePrice {
  readonly per_image: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** Prices by model; `*` is the price of every model that is not listed. */
export type PriceList = Readonly<Record<string, TokenPrice | ImagePrice>>;

const gptImage2: TokenPrice = { text_in: 5, image_in: 8, image_out: 30 };
const gptImage15: TokenPrice = { text_in: 5, image_in: 8, image_out: 32 };

/** OpenAI's list prices of November 2026; the legacy models' as they were when they were retired. */
export const openaiPrices: PriceList = {
  '*': gptImage2,
  'gpt-image-1.5': gptImage15,
  'chatgpt-image-latest': gptImage15,
  'gpt-image-1': { text_in: 5, image_in: 10, image_out: 40 },
  'gpt-image-1-mini': { text_in: 2, image_in: 2.5, image_out: 8 },
  'dall-e-3': {
    per_image: { standard: { '1024x1024': 40_000, '*': 80_000 }, hd: { '1024x1024': 80_000, '*': 120_000 } },
  },
  'dall-e-2': { per_image: { '*': { '256x256': 16_000, '512x512': 18_000, '*': 20_000 } } },
};

/** Tokens of one call, as an answer's `usage` reports them. */
export interface Usage {
  readonly total_tokens: number;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly input_tokens_details: { readonly text_tokens: number; readonly image_tokens: number };
  readonly output_tokens_details: { readonly text_tokens: number; readonly image_tokens: number };
}

/** What the price of a call depends on. */
export interface Sale {
  readonly model: string;
  readonly quality: string;
  readonly size: string;
  readonly images: number;
  readonly usage: Usage;
}

function priceOf(prices: PriceList, model: string): TokenPrice | ImagePrice {
  const listed = prices[model] ?? (rowOrDefault(model).legacy ? openaiPrices['dall-e-3'] : prices['*']);
  return listed ?? gptImage2;
}

export function costMicros(prices: PriceList, sale: Sale): number {
  const price = priceOf(prices, sale.model);
  if ('per_image' in price) {
    const row = price.per_image[sale.quality] ?? price.per_image['*'];
    return Math.round((row?.[sale.size] ?? row?.['*'] ?? 0) * sale.images);
  }
  const { input_tokens_details: input, output_tokens } = sale.usage;
  const sum = input.text_tokens * price.text_in + input.image_tokens * price.image_in + output_tokens * price.image_out;
  return Math.round(sum);
}
