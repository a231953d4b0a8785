import type { Piece } from './weave.js';

/** What goes back to the client. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Buffer> | Iterable<Buffer>;
  /** Length of the body in bytes; null: sent in chunks. */
  readonly length: number | null;
  /** An event stream sends its headers before its first event. */
  readonly headersFirst?: boolean;
}

const json = { 'content-type': 'application/json' };

export function pieceAnswer(status: number, piece: Piece): Answer {
  return { status, headers: json, body: piece.chunks(), length: piece.bytes };
}

export function jsonAnswer(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  const bytes = Buffer.from(JSON.stringify(body));
  return { status, headers: { ...json, ...headers }, body: [bytes], length: bytes.length };
}

export function textAnswer(status: number, contentType: string, text: string): Answer {
  const bytes = Buffer.from(text);
  return { status, headers: { 'content-type': contentType }, body: [bytes], length: bytes.length };
}
