import { gptImageModels, relay, sameNames } from './relay.js';
import { defaultLimits, type Preset } from './preset.js';

/**
 * laozhang.ai, which has words of its own for some parameters. Prices of gpt-image-1 are in CNY: known where a rate is
 * configured. Those of later models depend on the group of the key: unknown.
 * Limits are those of a paid account; a free one has 20 requests a minute and 150 a day, which belong into the
 * configuration.
 */
export const laozhang: Preset = {
  ...relay,
  id: 'laozhang',
  name: 'laozhang.ai',
  baseUrl: 'https://api.laozhang.ai/v1',
  envKey: 'LAOZHANG_API_KEY',
  models: sameNames(...gptImageModels, 'gpt-image-2-vip', 'sora_image'),
  parameters: {
    ...relay.parameters,
    effort: { as: 'effort' },
    output_format: { as: 'format' },
    output_compression: { as: 'compression' },
    background: { as: 'transparency', values: { transparent: true, opaque: false } },
  },
  limits: { ...defaultLimits, requests_per_minute: 60 },
  prices: {
    currency: 'CNY',
    models: {
      'gpt-image-1': { per_image: { low: { '*': 0.14 }, medium: { '*': 0.5 }, high: { '*': 1.36 } } },
      'gpt-image-2-vip': { currency: 'USD', per_image: { '*': { '*': 0.03 } } },
      sora_image: { currency: 'USD', per_image: { '*': { '*': 0.01 } } },
    },
  },
};
