import { sharp, type OverlayOptions } from './sharp.js';
import { formatSize, type Size } from '../catalogue/sizes.js';
import { encode, type Encoding } from './encode.js';
import { letters, lettersInBox, type Letters } from './lettering.js';
import { paletteOf, type Palette } from './palette.js';
import { randomFrom } from './random.js';
import { scenery, stickerShape } from './scenery.js';
import { mostThumbnails, thumbnail, type ThumbnailSource } from './thumbnails.js';

/** Everything that a picture shows: a person can check it against the request without any tool. */
export interface Picture extends Encoding {
  readonly prompt: string;
  readonly model: string;
  readonly size: Size;
  readonly quality: string;
  readonly transparent: boolean;
  readonly requestNumber: number;
  /** 1 for the first image of its request. */
  readonly imageNumber: number;
  readonly imagesInRequest: number;
  /** Input images of an edit or a variation. */
  readonly inputs: readonly ThumbnailSource[];
}

/** Something to be put on the picture. */
type Layer = OverlayOptions & Size;

/** Measures that everything else follows from. */
interface Layout {
  readonly edge: number;
  readonly margin: number;
  readonly inner: number;
  readonly palette: Palette;
}

const put = ({ data, width, height }: Letters, left: number, top: number): Layer => ({
  width,
  height,
  input: data,
  raw: { width, height, channels: 4 },
  left: Math.max(0, Math.round(left)),
  top: Math.max(0, Math.round(top)),
});

async function title(picture: Picture, { edge, margin, inner, palette }: Layout): Promise<Layer> {
  const share = picture.inputs.length > 0 ? 0.2 : 0.4;
  const box = { height: picture.size.height * share, smallest: Math.max(9, edge * 0.022), largest: edge * 0.075 };
  const made = await lettersInBox({ text: picture.prompt, face: 'bold', colour: palette.ink, width: inner }, box);
  return put(made, margin, margin);
}

async function captions(picture: Picture, { edge, margin, inner }: Layout): Promise<Layer[]> {
  const { size, inputs } = picture;
  const facts = [formatSize(size).replace('x', ' × '), picture.quality, picture.format];
  if (inputs.length > mostThumbnails) facts.push(`${inputs.length} inputs`);
  if (inputs.some((input) => input.mask)) facts.push('masked');
  const count = `image ${picture.imageNumber} of ${picture.imagesInRequest}`;
  const look = { face: 'plain', colour: '#ffffff', pixels: Math.max(10, edge * 0.032) } as const;
  const [left, right] = await Promise.all([
    letters({ ...look, text: picture.model, subtext: facts.join(' · '), width: inner * 0.76 }),
    letters({ ...look, text: `#${picture.requestNumber}`, subtext: count, width: inner * 0.24, align: 'right' }),
  ]);
  // Both end in a line with descenders, so equal feet mean equal baselines.
  const foot = size.height - margin;
  return [put(left, margin, foot - left.height), put(right, size.width - margin - right.width, foot - right.height)];
}

async function inputCards(picture: Picture, { edge, margin, inner, palette }: Layout): Promise<Layer[]> {
  const sources = picture.inputs.slice(0, mostThumbnails);
  const gap = edge * 0.025;
  const box = {
    width: Math.floor((inner - gap * (sources.length - 1)) / Math.max(1, sources.length)),
    height: Math.floor(picture.size.height * 0.44),
  };
  const border = Math.max(2, Math.round(edge * 0.012));
  const cards = await Promise.all(sources.map((source) => thumbnail(source, box, border, palette.accent)));
  const row = cards.reduce((sum, card) => sum + card.width, gap * (cards.length - 1));
  const middle = margin + picture.size.height * 0.24 + box.height / 2;
  let left = (picture.size.width - row) / 2;
  return cards.map((card) => {
    const at = { ...card, input: card.data, left: Math.round(left), top: Math.round(middle - card.height / 2) };
    left += card.width + gap;
    return at;
  });
}

export async function draw(picture: Picture): Promise<Buffer> {
  const { size, transparent } = picture;
  const edge = Math.min(size.width, size.height);
  const margin = edge * 0.065 + (transparent ? stickerShape(size).inset : 0);
  const random = randomFrom(`${picture.requestNumber}/${picture.imageNumber}/${picture.prompt}`);
  const layout: Layout = { edge, margin, inner: size.width - 2 * margin, palette: paletteOf(random) };
  const layers = await Promise.all([title(picture, layout), captions(picture, layout), inputCards(picture, layout)]);
  // Letters have a smallest size: a very small picture goes without those that are larger than itself.
  const fitting = layers.flat().filter((layer) => layer.width <= size.width && layer.height <= size.height);
  const scene = sharp(scenery(random, size, layout.palette, transparent)).composite(fitting);
  return await encode(transparent ? scene : scene.removeAlpha(), picture);
}
