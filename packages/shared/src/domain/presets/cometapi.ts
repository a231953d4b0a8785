import { relay } from './relay.js';
import type { Preset } from './preset.js';

/** CometAPI. Its documents do not say whether it answers bytes or links: either is taken. One rate for all input. */
export const cometapi: Preset = {
  ...relay,
  id: 'cometapi',
  name: 'CometAPI',
  baseUrl: 'https://api.cometapi.com/v1',
  envKey: 'COMETAPI_API_KEY',
  prices: {
    currency: 'USD',
    models: { 'gpt-image-1': { per_token: { text_in: 8, image_in: 8, image_out: 32 } } },
  },
};
