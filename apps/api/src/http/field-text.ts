import { Busboy, Dicer } from '@fastify/busboy';
import { RendermillError } from '@rendermill/shared/domain/errors';

/** What a field may say of its text; ASCII is a part of UTF-8. */
const taken = /^;\s*charset\s*=\s*("?)(utf-?8|us-ascii)\1\s*$/i;
const transfers = new Set(['7bit', '8bit', 'binary']);

/**
 * Reads a form's fields as strictly as JSON. The parser decodes them with replacement characters, in whatever charset they
 * name, and tells nobody: so it is told to leave bytes as they are (`defCharset`), and never sees what a part says of them.
 */
export class FieldTexts {
  /** Of the part that is being read: its content type's parameters. */
  #parameters = '';

  constructor(parser: Busboy) {
    dicerOf(parser).prependListener('part', (part: Dicer.PartStream) => {
      part.prependListener('header', (headers: Record<string, string[] | undefined>) => {
        const [type] = headers['content-type'] ?? [];
        const end = type?.indexOf(';') ?? -1;
        this.#parameters = type && end >= 0 ? type.slice(end) : '';
        if (type && end >= 0) headers['content-type'] = [type.slice(0, end)];
      });
    });
  }

  /** The text of the field that was read last, from its bytes. */
  decode(name: string, bytes: string, transfer: string): string {
    if (/charset/i.test(this.#parameters) && !taken.test(this.#parameters))
      refuse(name, 'its text is in another charset: send UTF-8');
    if (!transfers.has(transfer)) refuse(name, `its text is encoded as ${transfer}: send it as it is, in UTF-8`);
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(bytes, 'latin1'));
    } catch {
      return refuse(name, 'its text is not UTF-8');
    }
  }
}

function refuse(name: string, what: string): never {
  throw new RendermillError('invalid_utf8', `${name}: ${what}.`, { param: name });
}

function dicerOf(parser: Busboy): Dicer {
  const { _parser: multipart } = parser as unknown as { readonly _parser?: { readonly parser?: unknown } };
  if (!(multipart?.parser instanceof Dicer)) throw new Error('the form’s parser is built otherwise than we know');
  return multipart.parser;
}
