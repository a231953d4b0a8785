import { pipeline } from 'node:stream/promises';
import { RendermillError } from '@rendermill/shared/domain/errors';
import { lineJobId, lineOfJob } from '@rendermill/shared/domain/batch';
import { isId } from '@rendermill/shared/domain/ids';
import type { StoredImage } from '@rendermill/shared/domain/job';
import { extensionOf, imageKeyPrefix } from '@rendermill/shared/domain/object-keys';
import { attachmentAs } from '@rendermill/shared/adapters/storage/disposition';
import { z } from 'zod';
import { rangeHeaders, rangeOf } from '../byte-range.js';
import { open } from '../images-response.js';
import type { Context, Route } from '../route.js';
import { errorSchema } from '../schemas.js';
import { signedQuery } from '../signed-link.js';

/** `/v1/jobs/{id}/images/{index}`: where every link to an image that we hand out leads. */

async function getImage(context: Context): Promise<void> {
  const { deps, request, response, params } = context;
  const image = await find(context);
  const fileName = `${params['id']}-${image.index}.${extensionOf(image.content_type)}`;
  // A link may stand as a picture in anybody's page.
  response.set('cross-origin-resource-policy', 'cross-origin');
  // HEAD is answered from the job: a presigned link is signed for GET alone.
  const isGet = request.method === 'GET';
  const link = isGet ? await deps.storage.presign(image.key, { seconds: 900, fileName }) : null;
  if (link !== null) {
    response.status(302).set({ location: link, 'cache-control': 'no-store' }).end();
    return;
  }
  const etag = `"${image.sha256}"`;
  response.set({ 'accept-ranges': 'bytes', etag });
  const range = rangeOf({ request, response }, image.bytes, etag);
  const body = isGet ? (await open(deps, image, range ?? undefined)).body : null;
  response.status(range ? 206 : 200).set({
    'content-type': image.content_type,
    ...rangeHeaders(range, image.bytes),
    'content-disposition': attachmentAs(fileName),
    'x-content-type-options': 'nosniff',
    // A picture never changes under its key.
    'cache-control': 'private, max-age=86400, immutable',
    'content-security-policy': "default-src 'none'; sandbox",
  });
  if (body) await pipeline(body, response);
  else response.end();
}

/** What is needed of a picture to serve it. */
type Served = Pick<StoredImage, 'key' | 'index' | 'content_type' | 'bytes' | 'sha256'>;

async function find(context: Context): Promise<Served> {
  const { deps, params, caller } = context;
  const { project } = caller;
  const id = params['id'] ?? '';
  const index = params['index'] ?? '';
  const missing = new RendermillError('not_found', 'There is no such image.');
  if (!/^\d{1,3}$/.test(index)) throw missing;
  const line = lineOfJob(id);
  if (!line && !isId('job', id)) throw missing;
  const job = await deps.jobs.get(project, id);
  const image = job?.images.find((candidate) => candidate.index === Number(index));
  const found = image ?? (line && (await imageOfLine(deps, project, line, Number(index))));
  if (!found) throw missing;
  return found;
}

/** A picture of a batch's line outlives its job in the ledger: it is where it was put. */
async function imageOfLine(
  { storage }: Context['deps'],
  project: string,
  { batch, line }: { readonly batch: string; readonly line: number },
  index: number,
): Promise<Served | null> {
  const place = { id: lineJobId(batch, line), project, created_at: 0, batch_id: batch, line: { number: line } };
  for await (const { key } of storage.list(imageKeyPrefix(place, index))) {
    const facts = await storage.head(key);
    if (facts)
      return {
        key,
        index,
        content_type: facts.contentType,
        bytes: facts.bytes,
        sha256: facts.metadata['sha256'] ?? '',
      };
  }
  return null;
}

export const imageFileRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/v1/jobs/{id}/images/{index}',
    operationId: 'getJobImage',
    access: 'jobs:read',
    summary: 'The picture itself: needs a key, or the signature of a link that was handed out.',
    tag: 'Jobs',
    signed: true,
    query: z.strictObject(signedQuery),
    answers: {
      200: { description: 'The bytes, where they lie in a directory store.', contentType: 'image/*' },
      206: { description: 'The bytes that the Range asks for, likewise.', contentType: 'image/*' },
      302: { description: 'A presigned link into the bucket.' },
      401: { description: 'No key, or a link that has expired.', schema: errorSchema },
      404: { description: 'There is no such image.', schema: errorSchema },
      416: { description: 'The Range lies outside the picture.', schema: errorSchema },
    },
    handle: getImage,
  },
];
