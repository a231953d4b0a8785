import { here } from './client';
import type { Job, JobImage } from './types';

/** Where a picture is loaded from: small for a tile, whole to look at and to keep. */

export function thumbnailOf(image: JobImage): string {
  return here(image.variants.find(({ name }) => name === 'thumbnail')?.url ?? image.url);
}

/** The same to be saved: after its owner's id, and told apart where there are several. */
export function savedOf({ custom_id, images }: Job, image: JobImage): string {
  const url = new URL(wholeOf(image), window.location.href);
  const name = custom_id?.slice(0, 200);
  if (name) url.searchParams.set('name', images.length === 1 ? name : `${name}-${image.index + 1}`);
  return url.href;
}

export const wholeOf = (image: JobImage): string => here(image.url);

/** Pictures that went in, as they lie in our store; others' servers are not asked by this page. */
export function inputsOf({ request }: Job): string[] {
  const images = request?.['images'];
  if (!Array.isArray(images)) return [];
  return images.flatMap((image: { readonly stored_url?: unknown }) =>
    typeof image.stored_url === 'string' ? [here(image.stored_url)] : [],
  );
}
