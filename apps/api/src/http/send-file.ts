import { pipeline } from 'node:stream/promises';
import { RendermillError } from '@rendermill/shared/domain/errors';
import type { FileRecord } from '@rendermill/shared/domain/files';
import { attachmentAs } from '@rendermill/shared/adapters/storage/disposition';
import { rangeHeaders, rangeOf } from './byte-range.js';
import type { Context } from './route.js';

/** A file's bytes as they pass from the store: all of them, or one range. */
export async function sendFile({ deps, request, response }: Context, file: FileRecord): Promise<void> {
  const etag = `"${file.id}"`;
  response.set({ 'accept-ranges': 'bytes', etag, 'last-modified': new Date(file.created_at).toUTCString() });
  const range = rangeOf({ request, response }, file.bytes, etag);
  const isGet = request.method === 'GET';
  // Opened before the head is sent: where the store is away the client gets an answer that it can retry.
  const object = isGet ? await deps.files.open(file, range ?? undefined) : null;
  if (isGet && !object) throw new RendermillError('not_found', 'The bytes of this file are gone from the store.');
  response.status(range ? 206 : 200).set({
    // Its sender's bytes: a browser saves them, and runs nothing that is in them.
    'content-type': 'application/octet-stream',
    'content-disposition': attachmentAs(file.filename),
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    ...rangeHeaders(range, file.bytes),
  });
  if (object) await pipeline(object.body, response);
  else response.end();
}
