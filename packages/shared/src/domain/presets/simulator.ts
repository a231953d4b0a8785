import { imagesApiModels } from '../models.js';
import { openaiPrices } from './openai.js';
import { defaultLimits, type Preset } from './preset.js';

/** The built-in provider simulator: the demo, `rm_test_` keys, and installations without a provider key. */
export const simulator: Preset = {
  id: 'simulator',
  name: 'Built-in simulator',
  // The worker starts one inside its own process and fills this in.
  baseUrl: null,
  envKey: null,
  baseUrlKey: null,
  models: imagesApiModels,
  defaultModel: 'gpt-image-2',
  operations: ['generation', 'edit', 'variation'],
  parameters: {},
  modelParameters: {},
  maxPrompt: {},
  responseFormat: () => undefined,
  editForm: 'multipart',
  streams: true,
  imagesField: 'image[]',
  maxImagesPerCall: 10,
  limits: defaultLimits,
  limitsPerModel: false,
  timeoutMs: 60_000,
  urlTtlMs: 60 * 60_000,
  // What OpenAI would have charged: no money is spent.
  prices: openaiPrices,
};
