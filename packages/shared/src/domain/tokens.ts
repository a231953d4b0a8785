import type { JobInput, JobRequest, Operation } from './job-request.js';
import { parseSize } from './sizes.js';

/**
 * Output tokens of one image, from the published tables and formula.
 * `auto` size or quality counts as the dearest it can become. Null where nobody has published a figure.
 */
const tableOf2025: Record<string, Record<string, number>> = {
  low: { '1024x1024': 272, '1024x1536': 408, '1536x1024': 400 },
  medium: { '1024x1024': 1_056, '1024x1536': 1_584, '1536x1024': 1_568 },
  high: { '1024x1024': 4_160, '1024x1536': 6_240, '1536x1024': 6_208 },
};

// gpt-image-2's calculator: f tiles on the longer edge, in proportion on the shorter, weighted by the area.
const tilesOf2026: Record<string, number> = { low: 16, medium: 48, high: 96 };

function flexibleTokens(quality: string, width: number, height: number): number | null {
  const tiles = tilesOf2026[quality];
  if (tiles === undefined) return null;
  const short = Math.floor((tiles * Math.min(width, height)) / Math.max(width, height) + 0.5);
  return Math.ceil((tiles * short * (2_000_000 + width * height)) / 4_000_000);
}

const family2025 = new Set(['gpt-image-1', 'gpt-image-1-mini', 'gpt-image-1.5', 'chatgpt-image-latest']);

export function outputTokens(model: string, sizeText = 'auto', qualityText = 'auto'): number | null {
  const quality = qualityText === 'auto' ? 'high' : qualityText;
  if (family2025.has(model)) {
    const row = tableOf2025[quality];
    if (!row) return null;
    return sizeText === 'auto' ? Math.max(...Object.values(row)) : (row[sizeText] ?? null);
  }
  if (!model.startsWith('gpt-image-2')) return null;
  // For auto the model picks among its presets, of which the square is the dearest.
  const size = parseSize(sizeText === 'auto' ? '1024x1024' : sizeText);
  return size ? flexibleTokens(quality, size.width, size.height) : null;
}

/** Tokens of what goes in, for each image that is made. */
export interface InputTokens {
  /** An approximation that errs upward: see {@link textTokens}. */
  readonly text: number;
  /** Null where an image's size is not known yet, or nobody has published how the model counts. */
  readonly images: number | null;
}

/** What a provider adds to the prompt. Seen in answers: 6 for a generation, at most 38 for an edit. */
const tokensAround: Record<Operation, number> = { generation: 6, edit: 40, variation: 40 };

/**
 * Tokens of a text, without the model's own dictionary: a token for every three ASCII characters (English has four to
 * five), two for every other character (Chinese has about one).
 */
function textTokens(text: string): number {
  const characters = [...text];
  const ascii = characters.filter((character) => character <= '\u007f').length;
  return Math.ceil(ascii / 3) + 2 * (characters.length - ascii);
}

/** Tiles of 512 pixels, once the image fits 2048 pixels and its shorter edge is at most 512; more at high fidelity. */
function imageTokens(width: number, height: number, faithful: boolean): number {
  const fit = Math.min(1, 2_048 / Math.max(width, height));
  const scale = fit * Math.min(1, 512 / (Math.min(width, height) * fit));
  const tiles = (edge: number): number => Math.ceil(Math.floor(edge * scale) / 512);
  const coarse = 65 + 129 * Math.max(1, tiles(width)) * Math.max(1, tiles(height));
  return coarse + (faithful ? (width === height ? 4_160 : 6_240) : 0);
}

export function inputTokens({
  model,
  type,
  request,
  inputs,
}: {
  readonly model: string;
  readonly type: Operation;
  readonly request: Pick<JobRequest, 'prompt' | 'input_fidelity'>;
  readonly inputs: readonly Pick<JobInput, 'width' | 'height'>[];
}): InputTokens {
  const text = textTokens(request.prompt ?? '') + tokensAround[type];
  if (inputs.length === 0) return { text, images: type === 'generation' ? 0 : null };
  let images = 0;
  for (const { width, height } of inputs) {
    // Published for the models of 2025; of the later ones it is known only that they count otherwise.
    if (width === null || height === null || !family2025.has(model)) return { text, images: null };
    images += imageTokens(width, height, request.input_fidelity === 'high');
  }
  return { text, images };
}
