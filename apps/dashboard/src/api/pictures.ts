import { here } from './client';
import type { Job, JobImage } from './types';

/** Where a picture is loaded from: small for a tile, whole to look at and to keep. */

export function thumbnailOf(image: JobImage): string {
  return here(image.variants.find(({ name }) => name === 'thumbnail')?.url ?? image.url);
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
