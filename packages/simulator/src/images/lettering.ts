import { createRequire } from 'node:module';
import { sharp } from './sharp.js';

/**
 * Letters as pictures, from a font that comes with us: a container often has none. Scripts that it lacks (Chinese)
 * fall back to the fonts of the machine.
 */
const require = createRequire(import.meta.url);
const faces = {
  plain: { font: 'DejaVu Sans', fontfile: require.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf') },
  bold: { font: 'DejaVu Sans Bold', fontfile: require.resolve('dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf') },
} as const;

export interface Lettering {
  readonly text: string;
  /** A smaller, fainter line below. */
  readonly subtext?: string;
  readonly align?: 'left' | 'right';
  readonly face: keyof typeof faces;
  /** Height of a line's letters in pixels. */
  readonly pixels: number;
  readonly colour: string;
  /** Where lines wrap, in pixels. */
  readonly width: number;
}

/** Letters as raw RGBA, ready to be put on a picture. */
export interface Letters {
  readonly data: Buffer;
  readonly width: number;
  readonly height: number;
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

/** Without what XML cannot say at all: control characters and halves of pairs. */
const printable = (text: string): string => text.toWellFormed().replaceAll(/[^\P{C}\n\u200d]/gu, ' ');

/** Text as Pango markup shows it unchanged. */
const escapeMarkup = (text: string): string =>
  printable(text).replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);

export async function letters(lettering: Lettering): Promise<Letters> {
  const { face, pixels, colour, width, subtext } = lettering;
  const size = Math.max(1, Math.round(pixels));
  const below = subtext === undefined ? '' : `\n<span size="78%" alpha="82%">${escapeMarkup(subtext)}</span>`;
  const { data, info } = await sharp({
    text: {
      text: `<span foreground="${colour}">${escapeMarkup(lettering.text)}${below}</span>`,
      align: lettering.align ?? 'left',
      font: `${faces[face].font} ${size}px`,
      fontfile: faces[face].fontfile,
      width: Math.max(1, Math.round(width)),
      // Words wrap at spaces; a word longer than the line, and Chinese, anywhere.
      wrap: 'word-char',
      dpi: 72,
      spacing: Math.round(size * 0.16),
      rgba: true,
    },
  })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

// Average width of a letter over its height; Chinese, Japanese and Korean signs are as wide as high.
const letterWidth = 0.58;
const lineHeight = 1.36;

function signs(text: string): number {
  let sum = 0;
  for (const character of text) sum += /[\u1100-\uffdc]/.test(character) ? 1 / letterWidth : 1;
  return sum;
}

/** The largest letters with which a text fills a box without leaving it; what cannot fit ends in an ellipsis. */
export async function lettersInBox(
  lettering: Omit<Lettering, 'pixels'>,
  box: { height: number; smallest: number; largest: number },
): Promise<Letters> {
  const room = (pixels: number): number =>
    (lettering.width * box.height) / (pixels * pixels * letterWidth * lineHeight);
  // Letters of nothing are an error to Pango.
  let text = printable(lettering.text).trim() || '…';
  const most = Math.floor(room(box.smallest) * 0.82);
  if (signs(text) > most) {
    const characters = Array.from(text);
    const kept = Math.floor((most * characters.length) / signs(text)) - 1;
    text = `${characters.slice(0, kept).join('')}…`;
  }
  let pixels = Math.sqrt((lettering.width * box.height * 0.8) / (Math.max(1, signs(text)) * letterWidth * lineHeight));
  pixels = Math.min(box.largest, Math.max(box.smallest, pixels));
  for (;;) {
    const made = await letters({ ...lettering, text, pixels });
    if (made.height <= box.height || pixels <= box.smallest * 0.6) return made;
    pixels *= 0.86;
  }
}
