import { rowOrDefault } from '../catalogue/models.js';
import type { Fault, FaultKind } from '../faults/kinds.js';
import { pages } from '../faults/pages.js';
import { imageOf, type MadeImage } from '../images/made-image.js';
import type { Links } from '../books/links.js';
import type { ImageRequest } from '../requests/image-request.js';
import type { Item } from './document.js';
import { Base64 } from './weave.js';

/** How images are given: `as-asked` follows `response_format`, else links for dall-e and base64 for all others. */
export type AnswerStyle = 'as-asked' | 'b64_json' | 'url' | 'both';

/** How many images an answer holds. */
export function imageCount(asked: number, fault: Fault | null): number {
  if (fault?.kind === 'fewer_images') return Math.max(0, asked - fault.missing);
  return fault?.kind === 'more_images' ? asked + fault.extra : asked;
}

const half = (edge: number): number => Math.max(1, Math.floor(edge / 2));

/** The request as the images really follow it. */
export function askedOrWrong(request: ImageRequest, fault: Fault | null): ImageRequest {
  if (fault?.kind !== 'wrong_size') return request;
  const { width = half(request.size.width), height = half(request.size.height) } = fault;
  return { ...request, size: { width, height } };
}

/** An image, or what a fault makes of it. */
export function spoil(image: MadeImage, fault: Fault | null): MadeImage {
  if (fault?.kind === 'not_an_image') return imageOf(Buffer.from(pages.welcome), image.format);
  if (fault?.kind !== 'truncated_image') return image;
  return imageOf(Buffer.concat(image.parts).subarray(0, image.bytes >> 1), image.format);
}

function linkOf(image: MadeImage, links: Links, origin: string, fault: Fault | null): string {
  if (fault?.kind === 'link_expired') return origin + links.keep(image, null, 0);
  if (fault?.kind !== 'link_not_found' && fault?.kind !== 'link_cut') return origin + links.keep(image, null);
  const afterBytes = fault.kind === 'link_cut' ? fault.afterBytes : 0;
  return origin + links.keep(image, { kind: fault.kind, afterBytes, fetchesLeft: fault.fetches ?? Infinity });
}

type Given = 'b64_json' | 'url' | 'both' | 'neither';

/** Some faults only make sense in one form. */
const forced: Partial<Record<FaultKind, Given>> = {
  link_not_found: 'url',
  link_cut: 'url',
  link_expired: 'url',
  bad_base64: 'b64_json',
  data_url_prefix: 'b64_json',
  url_and_b64: 'both',
  neither: 'neither',
};

function given(request: ImageRequest, style: AnswerStyle, fault: Fault | null): Given {
  const form = fault && forced[fault.kind];
  if (form) return form;
  if (style !== 'as-asked') return style;
  return request.responseFormat ?? (rowOrDefault(request.model).legacy ? 'url' : 'b64_json');
}

/** What the answer says about one image. */
export function itemOf(
  image: MadeImage,
  request: ImageRequest,
  shop: { links: Links; style: AnswerStyle; origin: string },
  fault: Fault | null,
): Item {
  const form = given(request, shop.style, fault);
  const prefix = fault?.kind === 'data_url_prefix' ? `data:image/${image.format};base64,` : '';
  const base64 = (): Base64 => new Base64(image, { prefix, corrupt: fault?.kind === 'bad_base64' });
  return {
    ...(form === 'url' || form === 'both' ? { url: linkOf(image, shop.links, shop.origin, fault) } : {}),
    ...(form === 'b64_json' || form === 'both' ? { b64_json: base64() } : {}),
    ...(request.model === 'dall-e-3' || form === 'neither' ? { revised_prompt: request.prompt } : {}),
  };
}
