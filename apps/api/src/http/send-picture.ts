import { pipeline } from 'node:stream/promises';
import { attachmentAs } from '@rendermill/shared/adapters/storage/disposition';
import { RendermillError } from '@rendermill/shared/domain/errors';
import { extensionOf } from '@rendermill/shared/domain/object-keys';
import { z } from 'zod';
import type { StoredPicture } from '../use-cases/find-picture.js';
import { rangeHeaders, rangeOf } from './byte-range.js';
import { open } from './images-response.js';
import type { Answer, Context } from './route.js';
import { errorSchema } from './schemas.js';
import { safeFileName } from './safe-file-name.js';
import { signedQuery } from './signed-link.js';

/** Pictures as they are answered: by a presigned link into the bucket, or their bytes. */

export const pictureQuery = z.strictObject({
  ...signedQuery,
  name: z
    .string()
    .max(512)
    .optional()
    .describe(
      'What a browser saves it as, without its ending; without this, the custom_id of a job that is still kept.',
    ),
});

export const pictureAnswers: Readonly<Record<number, Answer>> = {
  200: { description: 'The bytes, where they lie in a directory store.', contentType: 'image/*' },
  206: { description: 'The bytes that the Range asks for, likewise.', contentType: 'image/*' },
  302: { description: 'A presigned link into the bucket.' },
  304: { description: 'Unchanged since the ETag in If-None-Match.' },
  401: { description: 'No key, or a link that has expired.', schema: errorSchema },
  404: { description: 'There is no such image.', schema: errorSchema },
  416: { description: 'The Range lies outside the picture.', schema: errorSchema },
};

/** `name`: of the file, without its ending, where the caller gives it none. */
export async function sendPicture(context: Context, picture: StoredPicture, name: string): Promise<void> {
  const { deps, request, response } = context;
  const { name: given = '' } = context.query as z.output<typeof pictureQuery>;
  const fileName = `${safeFileName(given) || name}.${extensionOf(picture.content_type)}`;
  // A link may stand as a picture in anybody's page.
  response.set('cross-origin-resource-policy', 'cross-origin');
  // HEAD is answered from the job: a presigned link is signed for GET alone.
  const isGet = request.method === 'GET';
  const link = isGet ? await deps.storage.presign(picture.key, { seconds: 900, fileName }) : null;
  if (link !== null) {
    response.status(302).set({ location: link, 'cache-control': 'no-store' }).end();
    return;
  }
  if (isUnchanged(context, picture.sha256)) return;
  response.set('accept-ranges', 'bytes');
  const range = rangeOf({ request, response }, picture.bytes, `"${picture.sha256}"`);
  const body = isGet ? (await open(deps, picture, range ?? undefined)).body : null;
  response.status(range ? 206 : 200).set({
    ...headOf(picture.content_type, picture.bytes),
    ...rangeHeaders(range, picture.bytes),
    'content-disposition': attachmentAs(fileName),
  });
  if (body) await pipeline(body, response);
  else response.end();
}

/** A thumbnail is small and asked for by the hundred: its bytes, which a browser keeps, and no link. */
export async function sendThumbnail(context: Context, picture: StoredPicture): Promise<void> {
  const { deps, request, response, gone } = context;
  response.set('cross-origin-resource-policy', 'cross-origin');
  if (picture.content_type === 'image/svg+xml') throw noThumbnail();
  // What it is made from never changes under its key, nor does the way it is made.
  if (picture.sha256 !== '' && isUnchanged(context, `${picture.sha256}-thumbnail`)) return;
  const bytes = await deps.thumbnails.of(picture.key, gone);
  if (!bytes) throw noThumbnail();
  response.status(200).set(headOf('image/webp', bytes.length));
  response.end(request.method === 'GET' ? bytes : undefined);
}

/** A picture never changes under its key: a browser asks no second time, and one that does is told so. */
function isUnchanged({ request, response }: Context, tag: string): boolean {
  const etag = `"${tag}"`;
  response.set({ etag, 'cache-control': 'private, max-age=31536000, immutable' });
  if (request.headers['if-none-match'] !== etag) return false;
  response.status(304).end();
  return true;
}

function headOf(contentType: string, bytes: number): Record<string, string> {
  return {
    'content-type': contentType,
    'content-length': String(bytes),
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
  };
}

export function noPicture(): RendermillError {
  return new RendermillError('not_found', 'There is no such image.');
}

function noThumbnail(): RendermillError {
  return new RendermillError('not_found', 'No thumbnail can be made of this image: ask for the image itself.');
}
