import type { IncomingMessage } from 'node:http';
import { finished, type Readable } from 'node:stream';
import { Busboy, type BusboyConfig, type BusboyFileStream, type BusboyHeaders } from '@fastify/busboy';
import { asError, RendermillError } from '@rendermill/shared/domain/errors';
import { FieldTexts } from './field-text.js';

/** What a form's reader does with its parts, in the order in which they come. Both may throw what is wrong. */
export interface FormParts {
  readonly field: (name: string, value: string) => void;
  /** Consumes the stream to its end; `truncated` tells afterwards that it was longer than the limit. */
  readonly file: (name: string, stream: BusboyFileStream, fileName: string) => Promise<unknown>;
}

type FormLimits = Exclude<BusboyConfig['limits'], undefined>;

export function isForm(request: IncomingMessage): boolean {
  return (request.headers['content-type'] ?? '').toLowerCase().startsWith('multipart/form-data');
}

/** Reads a multipart form as it comes: resolves once every part was taken, rejects with the first fault. */
export async function readForm(request: IncomingMessage, limits: FormLimits, parts: FormParts): Promise<void> {
  const takes: Promise<unknown>[] = [];
  const streams: Readable[] = [];
  const parser = openParser(request, limits);
  const texts = new FieldTexts(parser);
  const read = new Promise<void>((resolve, reject) => {
    const fail = (error: unknown): void => {
      request.unpipe(parser);
      request.resume();
      // A form that breaks off leaves its file streams open: whoever reads one would wait for ever.
      for (const stream of streams) stream.destroy(asError(error));
      reject(explain(error));
    };
    parser.on('field', (name, value, _nameCut, valueCut, transfer) => {
      try {
        refuseForbidden(name);
        if (valueCut) throw new RendermillError('payload_too_large', `The field ${name} is too long.`, { param: name });
        parts.field(name, texts.decode(name, value, transfer));
      } catch (error) {
        fail(error);
      }
    });
    parser.on('file', (name, stream, fileName) => {
      // Without a listener of its own a form that breaks off inside a file ends the process.
      stream.on('error', fail);
      streams.push(stream);
      try {
        refuseForbidden(name);
        const take = parts.file(name, stream, fileName);
        takes.push(take);
        take.catch((error: unknown) => {
          stream.resume();
          fail(error);
        });
      } catch (error) {
        stream.resume();
        fail(error);
      }
    });
    const tooMany = (): void => fail(new RendermillError('too_many_parts', 'The form has too many parts.'));
    parser.on('partsLimit', tooMany);
    parser.on('filesLimit', tooMany);
    parser.on('fieldsLimit', tooMany);
    parser.on('error', fail);
    parser.on('finish', () => {
      Promise.all(takes).then(() => resolve(), fail);
    });
    // Its client may have hung up before we came to listen, which events would not tell any more.
    finished(request, { writable: false }, (error) => {
      if (error) fail(new RendermillError('invalid_multipart', 'The form broke off.', { cause: error }));
    });
    request.pipe(parser);
  });
  try {
    await read;
  } finally {
    await Promise.allSettled(takes);
  }
}

/** Names that mean something to JavaScript's objects, and to nobody who fills in a form. */
function refuseForbidden(name: string): void {
  if (name !== '__proto__' && name !== 'constructor' && name !== 'prototype') return;
  throw new RendermillError('forbidden_key', `A field may not be called ${name}.`, { param: name });
}

/** A file's bytes, for its taker: one that throws leaves the stream as it is, or the parser's complaint comes first. */
export function piecesOf(stream: Readable): AsyncIterable<Buffer> {
  return stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
}

function openParser(request: IncomingMessage, limits: FormLimits): Busboy {
  try {
    return new Busboy({ headers: request.headers as BusboyHeaders, limits, defCharset: 'latin1' });
  } catch (error) {
    throw new RendermillError('invalid_multipart', `The form cannot be read: ${(error as Error).message}.`, {
      cause: error,
    });
  }
}

function explain(error: unknown): unknown {
  if (error instanceof RendermillError) return error;
  return new RendermillError('invalid_multipart', `The form cannot be read: ${(error as Error).message}.`, {
    cause: error,
  });
}
