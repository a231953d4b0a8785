import { defaultLimits, type Preset } from './preset.js';

/** A server that speaks OpenAI's images API and of which nothing else is known: every model, no prices. */
export const openaiCompatible: Preset = {
  id: 'openai-compatible',
  name: 'OpenAI-compatible server',
  baseUrl: null,
  envKey: null,
  baseUrlKey: null,
  models: 'any',
  defaultModel: 'gpt-image-1',
  operations: ['generation', 'edit'],
  parameters: {},
  modelParameters: {},
  maxPrompt: {},
  responseFormat: (model) => (model.startsWith('dall-e') ? 'b64_json' : undefined),
  editForm: 'multipart',
  streams: true,
  imagesField: 'image[]',
  maxImagesPerCall: 10,
  limits: defaultLimits,
  limitsPerModel: false,
  timeoutMs: 360_000,
  urlTtlMs: 60 * 60_000,
  prices: null,
};
