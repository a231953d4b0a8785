import { openaiPrices } from './openai.js';
import { gptImageModels, relay, sameNames } from './relay.js';
import type { Preset } from './preset.js';
import { scaledPrices } from '../prices.js';

/** tu-zi. Its key must be made for the group "OpenAI". About 68 % of OpenAI's prices, by its own word. */
export const tuzi: Preset = {
  ...relay,
  id: 'tuzi',
  name: 'tu-zi',
  baseUrl: 'https://api.tu-zi.com/v1',
  envKey: 'TUZI_API_KEY',
  baseUrlKey: 'TUZI_API_BASE',
  models: sameNames(...gptImageModels, 'dall-e-3', 'dall-e-2'),
  operations: ['generation', 'edit', 'variation'],
  parameters: { ...relay.parameters, output_format: { as: 'format' } },
  prices: scaledPrices(openaiPrices, 0.68),
};
