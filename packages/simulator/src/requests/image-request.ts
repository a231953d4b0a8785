import { rowOrDefault } from '../catalogue/models.js';
import { parseSize, type Size } from '../catalogue/sizes.js';
import type { Format } from '../images/encode.js';
import { readParameters, type Operation } from './parameters.js';
import type { Received, ReceivedFile } from './received.js';
import { badRequest, missingParameter } from './refusal.js';
import { checkAsOpenAi } from './strict.js';

/** `openai`: refuses what OpenAI refuses. `lenient`: takes whatever a relay would let pass. */
export type Strictness = 'openai' | 'lenient';

/** A request that makes sense, every parameter decided. */
export interface ImageRequest {
  readonly operation: Operation;
  readonly prompt: string;
  readonly model: string;
  readonly n: number;
  readonly size: Size;
  /** Never `auto`. */
  readonly quality: string;
  readonly transparent: boolean;
  readonly format: Format;
  readonly compression: number;
  readonly stream: boolean;
  readonly partialImages: number;
  readonly responseFormat: 'url' | 'b64_json' | undefined;
  readonly highFidelity: boolean;
  readonly images: readonly ReceivedFile[];
  readonly mask: ReceivedFile | null;
}

// What a lenient provider still draws: anything larger is an attack on the machine that runs the tests.
const smallestEdge = 16;
const largestEdge = 4096;

function readSize(text: string): Size {
  if (text === 'auto') return { width: 1024, height: 1024 };
  const size = parseSize(text);
  const fits = size && [size.width, size.height].every((edge) => edge >= smallestEdge && edge <= largestEdge);
  if (!fits) {
    const message = `Invalid size '${text}': expected 'auto' or WIDTHxHEIGHT with edges from ${smallestEdge} to ${largestEdge}.`;
    throw badRequest(message, 'size', 'invalid_value');
  }
  return size;
}

export function readImageRequest(operation: Operation, received: Received, strict: Strictness): ImageRequest {
  const read = readParameters(received.fields);
  if (strict === 'openai') checkAsOpenAi(operation, received, read);
  const prompt = read.prompt ?? (operation === 'variation' ? 'A variation' : undefined);
  if (prompt === undefined) throw missingParameter('prompt');
  if (operation !== 'generation' && received.images.length === 0) {
    throw missingParameter(received.form === 'json' ? 'images' : 'image');
  }
  if (received.images.length > 16)
    throw badRequest('At most 16 images are allowed.', 'image', 'array_above_max_length');
  const model = read.model ?? (strict === 'openai' ? 'dall-e-2' : 'gpt-image-2');
  const legacy = rowOrDefault(model).legacy;
  return {
    operation,
    prompt,
    model,
    n: read.n,
    size: readSize(read.size),
    // What a model picks for itself: the middle of what it can.
    quality: read.quality === 'auto' ? (legacy ? 'standard' : 'medium') : read.quality,
    transparent: read.background === 'transparent' && read.output_format !== 'jpeg',
    format: read.output_format,
    compression: read.output_compression,
    stream: read.stream,
    partialImages: read.stream ? read.partial_images : 0,
    responseFormat: read.response_format,
    highFidelity: read.input_fidelity === 'high',
    images: received.images,
    mask: received.mask,
  };
}
