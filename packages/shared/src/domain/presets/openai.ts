import { imagesApiModels } from '../models.js';
import type { PriceTable } from '../prices.js';
import { defaultLimits, type Preset } from './preset.js';

const gpt25 = { per_token: { text_in: 5, image_in: 8, image_out: 30 } };

/** OpenAI's list prices of November 2026, USD per million tokens. Those of dall-e ended with it. */
export const openaiPrices: PriceTable = {
  currency: 'USD',
  models: {
    'gpt-image-2.6-sunburst': gpt25,
    'gpt-image-2.6-flare': gpt25,
    'gpt-image-2.5-sunburst': gpt25,
    'gpt-image-2.5-sunburst-2026-09-08': gpt25,
    'gpt-image-2.5-flare': gpt25,
    'gpt-image-2.5-flare-2026-09-08': gpt25,
    'gpt-image-2': gpt25,
    'gpt-image-2-2026-04-21': gpt25,
    'gpt-image-1.5': { per_token: { text_in: 5, image_in: 8, image_out: 32, text_out: 10 } },
    'gpt-image-1': { per_token: { text_in: 5, image_in: 10, image_out: 40 } },
    'gpt-image-1-mini': { per_token: { text_in: 2, image_in: 2.5, image_out: 8 } },
  },
};

export const openai: Preset = {
  id: 'openai',
  name: 'OpenAI',
  baseUrl: 'https://api.openai.com/v1',
  envKey: 'OPENAI_API_KEY',
  baseUrlKey: null,
  models: imagesApiModels,
  defaultModel: 'gpt-image-2',
  operations: ['generation', 'edit'],
  parameters: { effort: 'ignore' },
  modelParameters: {},
  maxPrompt: {},
  // OpenAI refuses response_format for its GPT image models, and answers dall-e with links unless it is asked.
  responseFormat: (model) => (model.startsWith('dall-e') ? 'b64_json' : undefined),
  editForm: 'multipart',
  streams: true,
  imagesField: 'image[]',
  maxImagesPerCall: 10,
  limits: defaultLimits,
  // Requests and images a minute are counted for each model; told limits and 429s are about one.
  limitsPerModel: true,
  timeoutMs: 360_000,
  urlTtlMs: 60 * 60_000,
  prices: openaiPrices,
};
