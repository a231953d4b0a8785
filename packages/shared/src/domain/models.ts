import { parseSize, type Size } from './sizes.js';

/**
 * What each model takes. Facts of November 2026 from OpenAI's SDK 7 and guides; a relay may still sell what OpenAI
 * has shut down, so a shutdown date is told, never enforced.
 */
export interface Model {
  readonly id: string;
  /** How it is asked: by the images API, or by chat completions, whose answer carries the picture in its text. */
  readonly api: 'images' | 'chat';
  /** `flexible`: any size within {@link flexibleFault}'s rules. */
  readonly sizes: readonly string[] | 'flexible';
  readonly qualities: readonly string[];
  readonly backgrounds: readonly string[];
  readonly formats: readonly string[];
  /** Most images of one request. */
  readonly maxImages: number;
  /** Most images that one call makes, where that is fewer: the rest is made by more calls. */
  readonly imagesPerCall: number;
  /** Longest prompt, in characters. */
  readonly maxPrompt: number;
  /** Most input images of an edit; 0 where the model cannot edit. */
  readonly maxInputs: number;
  readonly variations: boolean;
  readonly mask: boolean;
  readonly inputFidelity: readonly string[];
  /** Parameters that only some models know, by name. */
  readonly extras: readonly string[];
  /** Day (UTC) on which OpenAI stops serving it, or null. */
  readonly shutdown: string | null;
  /** Unix seconds, for `GET /v1/models`. */
  readonly created: number;
}

const gptSizes = ['1024x1024', '1536x1024', '1024x1536'] as const;
const gptImage = {
  api: 'images',
  imagesPerCall: 10,
  sizes: gptSizes,
  qualities: ['low', 'medium', 'high'],
  backgrounds: ['transparent', 'opaque'],
  formats: ['png', 'jpeg', 'webp'],
  maxImages: 10,
  maxPrompt: 32_000,
  maxInputs: 16,
  variations: false,
  mask: true,
  inputFidelity: ['low', 'high'],
  extras: ['moderation', 'output_compression', 'effort'],
} as const;

const gptImage2 = {
  ...gptImage,
  sizes: 'flexible',
  // Always high on these models, and refused when it is sent.
  inputFidelity: [],
} as const;

const gptImage25 = {
  ...gptImage2,
  qualities: ['low', 'medium', 'high', 'xhigh', 'max'],
} as const;

const gptImage26 = {
  ...gptImage25,
  formats: ['png', 'jpeg', 'webp', 'gif', 'svg'],
  extras: [...gptImage25.extras, 'complexity', 'frame_count', 'frame_duration_ms', 'svg'],
} as const;

export const models: readonly Model[] = [
  { id: 'gpt-image-2.6-sunburst', ...gptImage26, shutdown: null, created: 1_793_836_800 },
  { id: 'gpt-image-2.6-flare', ...gptImage26, shutdown: null, created: 1_793_836_800 },
  { id: 'gpt-image-2.5-sunburst', ...gptImage25, shutdown: null, created: 1_788_825_600 },
  { id: 'gpt-image-2.5-sunburst-2026-09-08', ...gptImage25, shutdown: null, created: 1_788_825_600 },
  { id: 'gpt-image-2.5-flare', ...gptImage25, shutdown: null, created: 1_788_825_600 },
  { id: 'gpt-image-2.5-flare-2026-09-08', ...gptImage25, shutdown: null, created: 1_788_825_600 },
  { id: 'gpt-image-2', ...gptImage2, shutdown: null, created: 1_776_729_600 },
  { id: 'gpt-image-2-2026-04-21', ...gptImage2, shutdown: null, created: 1_776_729_600 },
  { id: 'gpt-image-1.5', ...gptImage, shutdown: '2026-12-01', created: 1_765_843_200 },
  { id: 'gpt-image-1-mini', ...gptImage, inputFidelity: ['low'], shutdown: '2026-12-01', created: 1_759_708_800 },
  { id: 'chatgpt-image-latest', ...gptImage, shutdown: '2026-12-01', created: 1_765_843_200 },
  { id: 'gpt-image-1', ...gptImage, shutdown: '2026-10-23', created: 1_745_366_400 },
  {
    id: 'dall-e-3',
    api: 'images',
    imagesPerCall: 1,
    sizes: ['1024x1024', '1792x1024', '1024x1792'],
    qualities: ['standard', 'hd'],
    backgrounds: [],
    formats: ['png'],
    maxImages: 1,
    maxPrompt: 4_000,
    maxInputs: 0,
    variations: false,
    mask: false,
    inputFidelity: [],
    extras: ['style'],
    shutdown: '2026-05-12',
    created: 1_698_785_189,
  },
  {
    id: 'dall-e-2',
    api: 'images',
    imagesPerCall: 10,
    sizes: ['256x256', '512x512', '1024x1024'],
    qualities: ['standard'],
    backgrounds: [],
    formats: ['png'],
    maxImages: 10,
    maxPrompt: 1_000,
    maxInputs: 1,
    variations: true,
    mask: true,
    inputFidelity: [],
    extras: [],
    shutdown: '2026-05-12',
    created: 1_698_798_177,
  },
  {
    // Sold by relays only. Its three shapes are asked for in the prompt.
    id: 'sora_image',
    api: 'chat',
    imagesPerCall: 1,
    sizes: ['1024x1024', '1024x1536', '1536x1024'],
    qualities: [],
    backgrounds: [],
    formats: ['png'],
    maxImages: 10,
    maxPrompt: 32_000,
    maxInputs: 0,
    variations: false,
    mask: false,
    inputFidelity: [],
    extras: [],
    shutdown: null,
    created: 1_745_366_400,
  },
];

/** Those of OpenAI's own, all of which its images API serves. */
export const imagesApiModels: Readonly<Record<string, string>> = Object.fromEntries(
  models.filter(({ api }) => api === 'images').map(({ id }) => [id, id]),
);

const byId = new Map(models.map((model) => [model.id, model]));

/** The row of a model, or undefined for one that only its provider knows. */
export function modelRow(id: string): Model | undefined {
  return byId.get(id);
}

/** Why a flexible model cannot make this size, or null. Rules of gpt-image-2 and later. */
export function flexibleFault(size: Size): string | null {
  const { width, height } = size;
  const pixels = width * height;
  if (width % 16 !== 0 || height % 16 !== 0) return 'width and height must both be divisible by 16';
  if (Math.max(width, height) > 3840) return 'the longer edge must be at most 3840';
  if (Math.max(width, height) > 3 * Math.min(width, height)) return 'the edges must be within a ratio of 3:1';
  if (pixels < 655_360 || pixels > 8_294_400) return 'the picture must have between 655,360 and 8,294,400 pixels';
  return null;
}

/** Why a model cannot make this size, or null. `auto` always can. */
export function sizeFault(model: Model, text: string): string | null {
  if (text === 'auto') return null;
  const size = parseSize(text);
  if (!size) return "a size is written as '1024x1024', or 'auto'";
  if (model.sizes === 'flexible') {
    const fault = flexibleFault(size);
    return fault ? `${model.id}: ${fault}` : null;
  }
  if (model.sizes.includes(text)) return null;
  return `${model.id} makes ${model.sizes.join(', ')} and auto`;
}
