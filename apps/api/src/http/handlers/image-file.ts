import { z } from 'zod';
import { findImage, findInput } from '../../use-cases/find-picture.js';
import type { Context, Route } from '../route.js';
import { safeFileName } from '../safe-file-name.js';
import { noPicture, pictureAnswers, pictureQuery, sendPicture, sendThumbnail } from '../send-picture.js';
import { signedQuery } from '../signed-link.js';

/** `/v1/jobs/{id}/images/{index}`: where every link to an image that we hand out leads; and what went into the job. */

async function getImage(context: Context): Promise<void> {
  const { id = '', index = '' } = context.params;
  const image = await findImage(context.deps, context.caller.project, id, index);
  if (!image) throw noPicture();
  const { custom_id, count } = image.of ?? { custom_id: null, count: 1 };
  const own = safeFileName(custom_id ?? '');
  const named = count === 1 ? own : `${own}-${Number(index) + 1}`;
  await sendPicture(context, image, own === '' ? `${id}-${Number(index)}` : named);
}

async function getVariant(context: Context): Promise<void> {
  const { id = '', index = '', variant } = context.params;
  const image = variant === 'thumbnail' ? await findImage(context.deps, context.caller.project, id, index) : null;
  if (!image) throw noPicture();
  await sendThumbnail(context, image);
}

async function getInput(context: Context): Promise<void> {
  const { id = '', name = '' } = context.params;
  const input = await findInput(context.deps, context.caller.project, id, name);
  if (!input) throw noPicture();
  await sendPicture(context, input, `${id}-input-${name}`);
}

const { 302: _, ...bytesOnly } = pictureAnswers;
const read = { method: 'get', access: 'jobs:read', tag: 'Jobs', signed: true, query: pictureQuery } as const;

export const imageFileRoutes: readonly Route[] = [
  {
    ...read,
    path: '/v1/jobs/{id}/images/{index}',
    operationId: 'getJobImage',
    summary: 'The picture itself: needs a key, or the signature of a link that was handed out.',
    answers: pictureAnswers,
    handle: getImage,
  },
  {
    ...read,
    path: '/v1/jobs/{id}/images/{index}/{variant}',
    operationId: 'getJobImageVariant',
    summary:
      'What is made of a picture, on first request: `thumbnail`, a WebP of at most 512 pixels. Key or signature as there.',
    query: z.strictObject(signedQuery),
    answers: { ...bytesOnly, 200: { description: 'The bytes.', contentType: 'image/webp' } },
    handle: getVariant,
  },
  {
    ...read,
    path: '/v1/jobs/{id}/inputs/{name}',
    operationId: 'getJobInput',
    summary: 'A picture that went into a job, by its place from 0, or its `mask`. Key or signature as there.',
    answers: pictureAnswers,
    handle: getInput,
  },
];
