import { apiyi } from './apiyi.js';
import { bianxie } from './bianxie.js';
import { cometapi } from './cometapi.js';
import { laozhang } from './laozhang.js';
import { openai } from './openai.js';
import { openaiCompatible } from './openai-compatible.js';
import { simulator } from './simulator.js';
import { tuzi } from './tuzi.js';
import type { Preset, PresetId } from './preset.js';

/** Every preset by its id; a new relay is a new row here. */
export const presets: Readonly<Record<PresetId, Preset>> = {
  openai,
  apiyi,
  laozhang,
  cometapi,
  tuzi,
  bianxie,
  simulator,
  'openai-compatible': openaiCompatible,
};
