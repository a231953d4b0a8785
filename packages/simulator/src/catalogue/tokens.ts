import { rowOrDefault } from './models.js';
import type { Usage } from './prices.js';
import { formatSize, type Size } from './sizes.js';

/** Tokens as OpenAI counts them, from its published tables and calculator. */

const tables: Record<string, Record<string, number>> = {
  low: { '1024x1024': 272, '1024x1536': 408, '1536x1024': 400 },
  medium: { '1024x1024': 1_056, '1024x1536': 1_584, '1536x1024': 1_568 },
  high: { '1024x1024': 4_160, '1024x1536': 6_240, '1536x1024': 6_208 },
};

// The calculator's tiles along the longer edge. Nobody has published those of xhigh and max: ours are an assumption.
const tiles: Record<string, number> = { low: 16, medium: 48, high: 96, xhigh: 120, max: 144 };

/** Tokens that a partial image of a stream costs. */
const tokensOfPartial = 100;

function outputTokens(model: string, quality: string, size: Size): number {
  const { sizes } = rowOrDefault(model);
  if (sizes !== 'flexible') {
    const table = tables[quality];
    const square = table?.['1024x1024'] ?? 1_056;
    // A size that the model does not officially make is charged by its area.
    return table?.[formatSize(size)] ?? Math.ceil((square * size.width * size.height) / 1_048_576);
  }
  const long = tiles[quality] ?? 48;
  const short = Math.floor((long * Math.min(size.width, size.height)) / Math.max(size.width, size.height) + 0.5);
  return Math.ceil((long * short * (2_000_000 + size.width * size.height)) / 4_000_000);
}

/** Tokens of one input image: tiles of 512 pixels once its shorter edge is 512, and a surcharge for full detail. */
function inputImageTokens({ width, height }: Size, faithful: boolean): number {
  const ratio = Math.max(width, height) / Math.max(1, Math.min(width, height));
  const coarse = 65 + 129 * Math.ceil(ratio);
  return coarse + (faithful ? (ratio === 1 ? 4_096 : 6_144) : 0);
}

/** What the count depends on. */
export interface Consumption {
  readonly model: string;
  readonly prompt: string;
  readonly quality: string;
  readonly size: Size;
  readonly images: number;
  readonly partialImages: number;
  readonly inputs: readonly Size[];
  readonly highFidelity: boolean;
}

export function countUsage(call: Consumption): Usage {
  const row = rowOrDefault(call.model);
  const faithful = row.alwaysFaithful || call.highFidelity;
  // About four bytes a token: close enough for a bill that both sides read from `usage`.
  const text = Math.ceil(Buffer.byteLength(call.prompt) / 4);
  const image = call.inputs.reduce((sum, input) => sum + inputImageTokens(input, faithful), 0);
  const each = outputTokens(call.model, call.quality, call.size) + tokensOfPartial * call.partialImages;
  const output = each * call.images;
  return {
    total_tokens: text + image + output,
    input_tokens: text + image,
    output_tokens: output,
    input_tokens_details: { text_tokens: text, image_tokens: image },
    output_tokens_details: { text_tokens: 0, image_tokens: output },
  };
}
