import { parseSize } from './sizes.js';

/**
 * Output tokens of one image, from the published tables and formula (see docs/costs in the reference of each provider).
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

/**
 * Input tokens of a request, as OpenAI counts them: text at four bytes a token, square images scaled to 512 pixels and
 * tiled; models that read every input in full detail count 4,160 more for each.
 */
export function inputTokens(model: string, prompt: string, images: number): { text: number; image: number } {
  const faithful = model.startsWith('gpt-image-2');
  return { text: Math.ceil(Buffer.byteLength(prompt) / 4), image: images * (65 + 129 + (faithful ? 4_160 : 0)) };
}
