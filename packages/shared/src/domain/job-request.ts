import { z } from 'zod';
import { modelRow, sizeFault, type Model } from './models.js';
import { RendermillError } from './errors.js';
import { isPrintable, isProse } from './text.js';

/**
 * The parameters of an image request as they come in: OpenAI's, with the relays' own names for some of them.
 * One schema for `/v1/images/*`, `/v1/jobs` and later the lines of a batch. Null means absent, as in OpenAI's SDKs.
 */
const prompt = z
  .string({ error: 'prompt must be a string' })
  .min(1, 'prompt must not be empty')
  .refine((text) => text.trim() !== '', 'prompt must not be empty')
  .refine(isProse, 'prompt must be text: control characters and lone surrogates are not')
  .describe('What to make. The model and the provider set its longest length.');

export const maxInputImages = 16;

/** One input image: exactly one of the two. A plain string is taken as an image_url. */
export const imageReference = z
  .union([
    z.string().transform((image_url) => ({ image_url })),
    z.strictObject({ image_url: z.string() }),
    z.strictObject({ file_id: z.string().max(128) }),
  ])
  .describe('A URL or data URL of a PNG, JPEG or WebP image, or the id of an uploaded file.');

const images = z.union([imageReference.transform((one) => [one]), z.array(imageReference).min(1).max(maxInputImages)]);

const parameters = {
  prompt,
  model: z.string().min(1).max(128).refine(isPrintable, 'model must be printable').nullish(),
  n: z.int().min(1).max(10).nullish().describe('How many images, 1 to 10.'),
  size: z.string().max(32).nullish().describe("'1024x1024' and so on, or 'auto'."),
  quality: z.enum(['low', 'medium', 'high', 'xhigh', 'max', 'auto', 'standard', 'hd']).nullish(),
  background: z.enum(['transparent', 'opaque', 'auto']).nullish(),
  output_format: z.enum(['png', 'jpeg', 'webp', 'gif', 'svg']).nullish(),
  output_compression: z.int().min(0).max(100).nullish(),
  moderation: z.enum(['auto', 'low']).nullish(),
  style: z.enum(['vivid', 'natural']).nullish(),
  input_fidelity: z.enum(['high', 'low']).nullish(),
  user: z.string().max(256).refine(isPrintable, 'user must be printable').nullish(),
  safety_identifier: z.string().max(128).refine(isPrintable, 'safety_identifier must be printable').nullish(),
  complexity: z.enum(['low', 'medium', 'high']).nullish(),
  frame_count: z.int().min(2).max(64).nullish(),
  frame_duration_ms: z.int().min(10).max(655_350).nullish(),
  svg: z.record(z.string().max(64), z.json()).nullish(),
  // The relays' own names.
  format: z.enum(['png', 'jpeg', 'webp']).nullish().describe('tu-zi and laozhang: output_format.'),
  compression: z.int().min(0).max(100).nullish().describe('laozhang: output_compression.'),
  transparency: z.boolean().nullish().describe('laozhang: background "transparent" or "opaque".'),
  effort: z.enum(['low', 'medium', 'high']).nullish().describe('laozhang: how long to think.'),
} as const;

/** Parameters that shape an HTTP answer, not the job. */
export const answerParameters = {
  stream: z.boolean().nullish().describe('Server-sent events instead of one answer.'),
  partial_images: z.int().min(0).max(3).nullish(),
  response_format: z.enum(['url', 'b64_json']).nullish().describe('By default an item carries both.'),
} as const;

export const inputParameters = {
  image: images.nullish(),
  images: images.nullish(),
  mask: imageReference.nullish(),
  mask_from: z
    .enum(['alpha', 'luminance', 'inverted'])
    .nullish()
    .describe("Makes a black-and-white mask into alpha: 'luminance' replaces what is black, 'inverted' what is white."),
} as const;

export const generationSchema = z.strictObject({ ...parameters, ...answerParameters, ...inputParameters });
export const variationSchema = z.strictObject({
  ...parameters,
  ...answerParameters,
  ...inputParameters,
  prompt: prompt.nullish(),
});

export type ImageReference = z.output<typeof imageReference>;
export type RequestParameters = z.output<typeof generationSchema>;
export type Operation = 'generation' | 'edit' | 'variation';

/** Where one input image of a job comes from, and what is known of it. `key` is set once it lies in storage. */
export interface JobInput {
  /** As it came in; the query of a URL may be a secret and is never shown. */
  readonly url: string | null;
  readonly key: string | null;
  readonly sha256: string | null;
  readonly bytes: number | null;
  readonly content_type: string | null;
  readonly width: number | null;
  readonly height: number | null;
}

/** A job's parameters under one name each, nulls gone, defaults left to the model and the provider. */
export interface JobRequest {
  readonly prompt: string | null;
  readonly n: number;
  readonly size?: string;
  readonly quality?: string;
  readonly background?: string;
  readonly output_format?: string;
  readonly output_compression?: number;
  readonly moderation?: string;
  readonly style?: string;
  readonly input_fidelity?: string;
  readonly user?: string;
  readonly safety_identifier?: string;
  readonly complexity?: string;
  readonly frame_count?: number;
  readonly frame_duration_ms?: number;
  readonly svg?: unknown;
  readonly effort?: string;
  readonly mask_from?: string;
  /** Previews that a streaming caller wants to see on the way, 1 to 3. */
  readonly partial_images?: number;
}

function agree<T>(
  name: string,
  value: T | null | undefined,
  alias: string,
  other: T | null | undefined,
): T | undefined {
  if (value != null && other != null && value !== other) {
    throw new RendermillError(
      'invalid_parameter',
      `${alias} is another name for ${name}; they were given different values`,
      {
        param: alias,
      },
    );
  }
  return value ?? other ?? undefined;
}

/** laozhang's word for a background is a yes or a no. */
function backgroundOf(transparency: boolean | null | undefined): string | undefined {
  if (transparency == null) return undefined;
  return transparency ? 'transparent' : 'opaque';
}

/** One name for each parameter. Throws where two names of one thing disagree. */
export function normaliseRequest(raw: Omit<RequestParameters, 'prompt'> & { prompt?: string | null }): JobRequest {
  const request: Record<string, unknown> = {
    prompt: raw.prompt ?? null,
    n: raw.n ?? 1,
    size: raw.size,
    quality: raw.quality,
    background: agree('background', raw.background, 'transparency', backgroundOf(raw.transparency)),
    output_format: agree('output_format', raw.output_format, 'format', raw.format),
    output_compression: agree('output_compression', raw.output_compression, 'compression', raw.compression),
    moderation: raw.moderation,
    style: raw.style,
    input_fidelity: raw.input_fidelity,
    user: raw.user,
    safety_identifier: raw.safety_identifier,
    complexity: raw.complexity,
    frame_count: raw.frame_count,
    frame_duration_ms: raw.frame_duration_ms,
    svg: raw.svg,
    effort: raw.effort,
    mask_from: raw.mask_from,
  };
  for (const [name, value] of Object.entries(request)) {
    if (value === undefined || (value === null && name !== 'prompt')) delete request[name];
  }
  return request as unknown as JobRequest;
}

function refuse(param: string, message: string): never {
  throw new RendermillError(param === 'size' ? 'invalid_size' : 'invalid_parameter', message, { param });
}

function oneOf(param: string, value: string | undefined, allowed: readonly string[], model: string): void {
  if (value === undefined || value === 'auto' || allowed.includes(value)) return;
  refuse(
    param,
    allowed.length === 0 ? `${model} takes no ${param}` : `${model} takes ${param} ${allowed.join(', ')} or auto`,
  );
}

/** Throws with the parameter's name where a model of our table cannot do what is asked. Unknown models pass. */
export function checkAgainstModel(modelId: string, operation: Operation, request: JobRequest, inputs: number): void {
  const size = request.size;
  if (size !== undefined && size !== 'auto' && !/^[1-9]\d{0,4}x[1-9]\d{0,4}$/.test(size)) {
    refuse('size', `a size is written as '1024x1024', or 'auto'`);
  }
  const format = request.output_format ?? 'png';
  if (request.background === 'transparent' && format === 'jpeg') {
    refuse('background', 'JPEG has no transparency: ask for png or webp, or an opaque background');
  }
  if ((request.output_compression ?? 100) < 100 && format !== 'jpeg' && format !== 'webp') {
    refuse('output_compression', `${format} is not compressed by degrees: ask for output_format jpeg or webp`);
  }
  const model = modelRow(modelId);
  if (model) checkRow(model, operation, request, inputs);
}

function checkRow(model: Model, operation: Operation, request: JobRequest, inputs: number): void {
  if (request.size !== undefined) {
    const fault = sizeFault(model, request.size);
    if (fault) refuse('size', fault);
  }
  oneOf('quality', request.quality, model.qualities, model.id);
  oneOf('background', request.background, model.backgrounds, model.id);
  if (request.output_format !== undefined && !model.formats.includes(request.output_format)) {
    refuse('output_format', `${model.id} makes ${model.formats.join(', ')}`);
  }
  oneOf('input_fidelity', request.input_fidelity, model.inputFidelity, model.id);
  if (request.n > model.maxImages) refuse('n', `${model.id} makes at most ${model.maxImages} image(s) a request`);
  if (request.prompt !== null && [...request.prompt].length > model.maxPrompt) {
    refuse('prompt', `${model.id} takes prompts of at most ${model.maxPrompt} characters`);
  }
  for (const extra of [
    'style',
    'complexity',
    'frame_count',
    'frame_duration_ms',
    'svg',
    'moderation',
    'output_compression',
  ] as const) {
    if (request[extra] !== undefined && !model.extras.includes(extra)) refuse(extra, `${model.id} takes no ${extra}`);
  }
  if (operation === 'edit' && model.maxInputs === 0)
    refuse('model', `${model.id} generates only: it cannot edit images`);
  if (operation === 'edit' && inputs > model.maxInputs) {
    throw new RendermillError('too_many_images', `${model.id} takes at most ${model.maxInputs} image(s)`, {
      param: 'image',
    });
  }
}
