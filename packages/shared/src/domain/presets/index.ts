import { openai } from './openai.js';
import { openaiCompatible } from './openai-compatible.js';
import { simulator } from './simulator.js';
import type { Preset, PresetId } from './preset.js';

/** Every preset by its id; a new relay is a new row here. */
export const presets: Readonly<Record<PresetId, Preset>> = {
  openai,
  simulator,
  'openai-compatible': openaiCompatible,
};
