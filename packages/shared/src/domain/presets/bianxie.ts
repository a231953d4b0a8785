import { relay } from './relay.js';
import type { Preset } from './preset.js';

/** 便携AI. Answers bytes; its prices are not in its documents. */
export const bianxie: Preset = {
  ...relay,
  id: 'bianxie',
  name: 'bianxie.ai',
  baseUrl: 'https://api.bianxie.ai/v1',
  envKey: 'BIANXIE_API_KEY',
  prices: null,
};
