import { randomBytes } from 'node:crypto';
import { base64Length, type MadeImage } from '../images/made-image.js';

/** A body that can be sent, more than once, without being one string: a 20 MB image is 27 MB of JSON. */
export interface Piece {
  readonly bytes: number;
  readonly chunks: () => Iterable<Buffer>;
}

/** Stands in a document where an image's base64 belongs. */
export class Base64 {
  readonly image: MadeImage;
  /** Text in front of the base64. */
  readonly prefix: string;
  readonly corrupt: boolean;

  constructor(image: MadeImage, options: { prefix?: string; corrupt?: boolean } = {}) {
    this.image = image;
    this.prefix = options.prefix ?? '';
    this.corrupt = options.corrupt ?? false;
  }
}

/** How a document is written. */
export interface Writing {
  readonly pretty?: boolean;
  /** `\/` for every slash. */
  readonly escapedSlashes?: boolean;
}

// No prompt contains it by chance, and a client cannot know it.
const marker = `base64-${randomBytes(12).toString('hex')}-`;

const textPiece = (text: string): Piece => {
  const bytes = Buffer.from(text, 'utf8');
  return { bytes: bytes.length, chunks: () => [bytes] };
};

function escapeSlashes(base64: Iterable<Buffer>): Piece {
  const escaped = [...base64].map((chunk) => Buffer.from(chunk.toString('latin1').replaceAll('/', '\\/'), 'latin1'));
  return { bytes: escaped.reduce((sum, chunk) => sum + chunk.length, 0), chunks: () => escaped };
}

/** Foreign characters in the middle and one character lost: a forgiving decoder makes a broken file of it. */
function corruptBase64(image: MadeImage): Piece {
  const text = Buffer.concat([...image.base64()]).toString('latin1');
  const middle = text.length >> 1;
  return textPiece(`${text.slice(0, middle)}*?${text.slice(middle + 1)}`);
}

function base64Piece(hole: Base64, writing: Writing): Piece[] {
  if (hole.corrupt) return [corruptBase64(hole.image)];
  const prefix = writing.escapedSlashes ? hole.prefix.replaceAll('/', '\\/') : hole.prefix;
  const body = writing.escapedSlashes
    ? escapeSlashes(hole.image.base64())
    : { bytes: base64Length(hole.image.bytes), chunks: hole.image.base64 };
  return prefix === '' ? [body] : [textPiece(prefix), body];
}

function join(pieces: readonly Piece[]): Piece {
  return {
    bytes: pieces.reduce((sum, piece) => sum + piece.bytes, 0),
    *chunks() {
      for (const piece of pieces) yield* piece.chunks();
    },
  };
}

/** A document as JSON, with each {@link Base64} in its place. */
export function weave(document: unknown, writing: Writing = {}, before = '', after = ''): Piece {
  const holes: Base64[] = [];
  const replace = (_key: string, value: unknown): unknown =>
    value instanceof Base64 ? `${marker}${holes.push(value) - 1}.` : value;
  let text = before + JSON.stringify(document, replace, writing.pretty ? 4 : undefined) + after;
  if (writing.escapedSlashes) text = text.replaceAll('/', '\\/');
  const pieces = text.split(new RegExp(`${marker}(\\d+)\\.`)).flatMap((part, i) => {
    // With a capture group, every odd part is the number of a hole.
    const hole = i % 2 === 1 ? holes[Number(part)] : undefined;
    return hole ? base64Piece(hole, writing) : [textPiece(part)];
  });
  return join(pieces);
}
