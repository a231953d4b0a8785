import { findColumn, insertOf, pictureColumn } from './columns';
import type { Column } from './head';
import type { Style } from './style';

/** Templates to choose from. English, whatever the page's language: the models know it best. */

/** What a style says of a row's job. */
export interface Suggestion {
  readonly prompt: string;
  readonly customId: string;
  readonly when: string;
  readonly images: string;
  readonly groupBy: string;
}

/** A photo of the shop's own needs one. */
export function fits(style: Style, columns: readonly Column[]): boolean {
  return style !== 'own_photo' || pictureColumn(columns) !== undefined;
}

const cleaned = ' | replace: "<", " <" | strip_html | squish | truncate: 300';

/** From what shops usually call their columns. */
export function suggestionOf(style: Style, columns: readonly Column[]): Suggestion {
  const handle = findColumn(columns, /^handle$/i);
  const id = handle ?? findColumn(columns, /sku/i, /^(product[ _]?)?id$/i, /code|number/i) ?? columns[0]?.name;
  const title = findColumn(columns, /^title$/i, /^name$/i, /title|name/i) ?? columns[0]?.name;
  const words = findColumn(columns, /^body/i, /description/i);
  const photo = style === 'own_photo' ? pictureColumn(columns) : undefined;
  const product = title ? insertOf(title) : 'the product';
  const about = words ? ` ${insertOf(words, cleaned)}` : '';
  const filled = photo ?? title;
  return {
    prompt: promptOf[style](product, about),
    customId: id ? insertOf(id) : '',
    when: filled ? insertOf(filled) : '',
    // WooCommerce writes all of a product's pictures in one cell.
    images: photo ? insertOf(photo, ' | split: ", " | first') : '',
    groupBy: handle ?? '',
  };
}

const promptOf: Readonly<Record<Style, (product: string, about: string) => string>> = {
  studio: (product, about) =>
    `Studio product photograph: ${product}.${about}
Complete in the frame and centred on a seamless light background, soft daylight from the left, gentle shadow, sharp focus, true colours and materials. No text, no watermark, no people.`,
  lifestyle: (product, about) =>
    `Lifestyle photograph for a shop: ${product}, in use where it belongs.${about}
A real, lived-in setting that suits it, seen at eye level. The product is the hero: complete, in sharp focus, with its true size, shape, colours and materials; everything behind it softly out of focus. Natural window light, calm colours, editorial style, 50 mm lens. No text, no watermark.`,
  flat_lay: (product, about) =>
    `Flat lay photograph from straight above: ${product}.${about}
It lies complete in the middle of a plain linen-coloured surface; two or three small things that go with it lie loosely around, with plenty of room between. Even soft light, short soft shadows, true colours. No text, no watermark, no people.`,
  close_up: (product, about) =>
    `Close-up photograph of a detail of this product: ${product}.${about}
Macro lens; material and workmanship fill the frame: surface, grain, seams, edges. Light from the side brings out the texture, shallow depth of field, true colours. No text, no watermark, no people.`,
  own_photo: (product) =>
    `Put the product of this photograph on a seamless pure white background. It is: ${product}.
Keep the product exactly as it is: shape, proportions, colours, materials, labels and print. Remove everything that does not belong to it: background, props, hands, people. Even studio light, a soft natural shadow beneath; centred, complete, with some room around it. Add no text.`,
};
