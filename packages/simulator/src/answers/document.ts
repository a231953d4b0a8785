import { rowOrDefault } from '../catalogue/models.js';
import type { Usage } from '../catalogue/prices.js';
import { formatSize } from '../catalogue/sizes.js';
import type { Fault } from '../faults/kinds.js';
import type { ImageRequest } from '../requests/image-request.js';
import type { Base64 } from './weave.js';

/** One image of an answer. */
export interface Item {
  readonly b64_json?: Base64;
  readonly url?: string;
  readonly revised_prompt?: string;
}

/** What answers and stream events tell about every image. */
function facts(request: ImageRequest): Record<string, unknown> {
  return {
    background: request.transparent ? 'transparent' : 'opaque',
    output_format: request.format,
    quality: request.quality,
    size: formatSize(request.size),
  };
}

const unixNow = (): number => Math.floor(Date.now() / 1_000);

const usageOf = (usage: Usage, fault: Fault | null): Record<string, unknown> =>
  fault?.kind === 'no_usage' ? {} : { usage };

/** The body of an answer. The legacy models told nothing but the images. */
export function answerDocument(
  request: ImageRequest,
  data: readonly Item[],
  usage: Usage,
  fault: Fault | null,
): Record<string, unknown> {
  if (rowOrDefault(request.model).legacy) return { created: unixNow(), data };
  return { created: unixNow(), data, ...facts(request), ...usageOf(usage, fault) };
}

const noun = (request: ImageRequest): string => (request.operation === 'edit' ? 'image_edit' : 'image_generation');

/** A stream's event of an image on its way. */
export function partialEvent(request: ImageRequest, item: Item, index: number): Record<string, unknown> {
  const type = `${noun(request)}.partial_image`;
  return { type, ...item, partial_image_index: index, created_at: unixNow(), ...facts(request) };
}

/** A stream's event of a finished image. */
export function completedEvent(
  request: ImageRequest,
  item: Item,
  usage: Usage,
  fault: Fault | null,
): Record<string, unknown> {
  const type = `${noun(request)}.completed`;
  return { type, ...item, created_at: unixNow(), ...facts(request), ...usageOf(usage, fault) };
}
