import { openaiPrices } from './openai.js';
import { gptImageModels, relay, sameNames } from './relay.js';
import type { Preset } from './preset.js';

/** API易. Its own documents of 2025, and its notes on the routes of 2026; mini has no figure there: unknown. */
export const apiyi: Preset = {
  ...relay,
  id: 'apiyi',
  name: 'API易',
  baseUrl: 'https://api.apiyi.com/v1',
  envKey: 'APIYI_API_KEY',
  models: sameNames(...gptImageModels, 'gpt-image-2-all', 'gpt-image-2-vip', 'sora_image'),
  // It makes what it likes, whatever size is asked for, and says nothing.
  modelParameters: { 'gpt-image-2-all': { size: 'refuse' } },
  maxPrompt: { 'gpt-image-1': 1_000, 'gpt-image-1-mini': 1_000 },
  // It answers links unless it is asked; bytes in the answer cannot expire.
  responseFormat: () => 'b64_json',
  maxImagesPerCall: 10,
  prices: {
    currency: 'USD',
    models: {
      // Its official routes of these bill as OpenAI does.
      ...Object.fromEntries(Object.entries(openaiPrices.models).filter(([id]) => /^gpt-image-(2|1\.5)/.test(id))),
      'gpt-image-1': {
        per_token: { text_in: 2.5, image_in: 2.5, image_out: 8 },
        per_image: {
          low: { '1024x1024': 0.005, '1024x1536': 0.006, '1536x1024': 0.006 },
          medium: { '1024x1024': 0.011, '1024x1536': 0.015, '1536x1024': 0.015 },
          high: { '1024x1024': 0.036, '1024x1536': 0.052, '1536x1024': 0.052 },
        },
      },
      // Its other routes bill a call.
      'gpt-image-2-all': { per_image: { '*': { '*': 0.03 } } },
      'gpt-image-2-vip': { per_image: { '*': { '*': 0.03 } } },
      sora_image: { per_image: { '*': { '*': 0.01 } } },
    },
  },
};
