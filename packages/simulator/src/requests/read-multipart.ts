import type { IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { Busboy, type BusboyFileStream, type BusboyHeaders } from '@fastify/busboy';
import type { Received, ReceivedFile } from './received.js';
import { badRequest } from './refusal.js';

/** OpenAI takes files below 50 MB, sixteen images, a mask and an overlay. */
const limits = { fileSize: 50 * 1024 * 1024, files: 20, fields: 200, fieldSize: 1024 * 1024 };

// `image` of one file, `image[]` of the SDKs, `image[0]` of people who write their own forms.
const imageField = /^image(\[\d*\])?$/;

/** Resolves whatever happens: a form that breaks off would leave a rejection that nobody awaits yet. */
async function readFile(stream: BusboyFileStream, named: Omit<ReceivedFile, 'bytes'>): Promise<ReceivedFile | Error> {
  try {
    const bytes = await buffer(stream);
    return stream.truncated
      ? badRequest('File is larger than 50 MB.', named.field, 'image_too_large')
      : { ...named, bytes };
  } catch (error) {
    return badRequest(`Could not read the file: ${String(error)}`, named.field, null);
  }
}

/** Fields may come before or after the files: nothing is judged until the form has ended. */
export async function readMultipart(request: IncomingMessage, contentType: string): Promise<Received> {
  const fields: Record<string, unknown> = {};
  const files: Promise<ReceivedFile | Error>[] = [];
  const streams: BusboyFileStream[] = [];
  try {
    const headers: BusboyHeaders = { ...request.headers, 'content-type': contentType };
    const form = new Busboy({ headers, limits });
    form.on('field', (name, value) => {
      const before = Object.hasOwn(fields, name) ? fields[name] : undefined;
      const now = before === undefined ? value : [before, value].flat();
      Object.defineProperty(fields, name, { value: now, enumerable: true, configurable: true, writable: true });
    });
    form.on('file', (field, stream, filename, _encoding, mime) => {
      streams.push(stream);
      const named = { field, filename: filename ?? null, contentType: mime || null, reference: null };
      files.push(readFile(stream, named));
    });
    await pipeline(request, form);
  } catch (error) {
    // A form that breaks off leaves its files open: whoever reads them would wait for ever.
    for (const stream of streams) stream.destroy();
    throw badRequest(`Could not parse multipart form: ${String(error)}`, null, null);
  }
  return sorted(fields, await Promise.all(files));
}

function sorted(fields: Record<string, unknown>, files: readonly (ReceivedFile | Error)[]): Received {
  const whole = files.map((file) => {
    if (file instanceof Error) throw file;
    return file;
  });
  return {
    form: 'multipart',
    fields,
    images: whole.filter((file) => imageField.test(file.field)),
    mask: whole.find((file) => file.field === 'mask') ?? null,
    others: whole.filter((file) => file.field !== 'mask' && !imageField.test(file.field)),
  };
}
