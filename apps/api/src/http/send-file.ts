import { pipeline } from 'node:stream/promises';
import { RendermillError } from '@rendermill/shared/domain/errors';
import type { FileRecord } from '@rendermill/shared/domain/files';
import { attachmentAs } from '@rendermill/shared/adapters/storage/disposition';
import type { Request } from 'express';
import type { Context } from './route.js';

/** A file's bytes as they pass from the store: all of them, or one range. */
export async function sendFile({ deps, request, response }: Context, file: FileRecord): Promise<void> {
  const etag = `"${file.id}"`;
  response.set({ 'accept-ranges': 'bytes', etag, 'last-modified': new Date(file.created_at).toUTCString() });
  const range = rangeOf(request, file, etag);
  if (range === 'outside') {
    response.set('content-range', `bytes */${file.bytes}`);
    const message = `The file has ${file.bytes} bytes: the Range lies outside them.`;
    throw new RendermillError('range_not_satisfiable', message);
  }
  const isGet = request.method === 'GET';
  // Opened before the head is sent: where the store is away the client gets an answer that it can retry.
  const object = isGet ? await deps.files.open(file, range ?? undefined) : null;
  if (isGet && !object) throw new RendermillError('not_found', 'The bytes of this file are gone from the store.');
  const { start, end } = range ?? { start: 0, end: file.bytes - 1 };
  response.status(range ? 206 : 200).set({
    // Its sender's bytes: a browser saves them, and runs nothing that is in them.
    'content-type': 'application/octet-stream',
    'content-disposition': attachmentAs(file.filename),
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    'content-length': String(end - start + 1),
    ...(range ? { 'content-range': `bytes ${start}-${end}/${file.bytes}` } : {}),
  });
  if (object) await pipeline(object.body, response);
  else response.end();
}

/** The one range that is asked for; null for the whole: what is no byte range, and several at once, may be ignored. */
function rangeOf(request: Request, file: FileRecord, etag: string): { start: number; end: number } | 'outside' | null {
  const condition = request.headers['if-range'];
  if (condition !== undefined && condition !== etag) return null;
  const ranges = request.range(file.bytes);
  if (ranges === -1) return 'outside';
  if (ranges === undefined || ranges === -2 || ranges.type !== 'bytes' || ranges.length !== 1) return null;
  return ranges[0] ?? null;
}
