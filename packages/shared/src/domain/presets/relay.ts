import { models } from '../models.js';
import { defaultLimits, type Preset } from './preset.js';

/** Names that a relay sells under OpenAI's own. */
export function sameNames(...ids: readonly string[]): Record<string, string> {
  return Object.fromEntries(ids.map((id) => [id, id]));
}

/** OpenAI's GPT image models, which every relay resells. */
export const gptImageModels = models.map(({ id }) => id).filter((id) => /^(chat)?gpt-image/.test(id));

/**
 * What the relays have in common. Most run gateways of the one-api family, which rebuild a request from the fields they
 * know and drop the others without a word: what would change the picture is refused here, the rest is left out. `n` is
 * asked for in calls of one where a relay's documents do not promise it: some answer fewer pictures than were asked for.
 */
export const relay: Omit<Preset, 'id' | 'name' | 'baseUrl' | 'envKey' | 'prices'> = {
  baseUrlKey: null,
  models: sameNames(...gptImageModels),
  defaultModel: 'gpt-image-1',
  operations: ['generation', 'edit'],
  parameters: {
    effort: 'ignore',
    safety_identifier: 'ignore',
    complexity: 'refuse',
    frame_count: 'refuse',
    frame_duration_ms: 'refuse',
    svg: 'refuse',
  },
  modelParameters: {},
  maxPrompt: {},
  responseFormat: (model) => (model.startsWith('dall-e') ? 'b64_json' : undefined),
  editForm: 'multipart',
  streams: false,
  imagesField: 'image[]',
  maxImagesPerCall: 1,
  limits: defaultLimits,
  limitsPerModel: false,
  timeoutMs: 360_000,
  urlTtlMs: 24 * 60 * 60_000,
};
