import type { Response } from 'express';
import type { Readable } from 'node:stream';
import { once } from 'node:events';
import type { ReadObject } from '@rendermill/shared/ports/storage';
import { StorageError } from '@rendermill/shared/ports/storage';
import type { Job, StoredImage } from '@rendermill/shared/domain/job';
import type { ImageLink } from '@rendermill/shared/domain/present-job';
import type { ApiDeps } from '../deps.js';

/** OpenAI's ImagesResponse, written as it is read: base64 of 20 MB pictures never stands in memory as one string. */

export interface AnswerShape {
  readonly b64: boolean;
  readonly url: boolean;
}

/** Writes the answer with its length known beforehand. A store that fails before the first byte is an error of its own. */
export async function sendImages(
  deps: ApiDeps,
  response: Response,
  job: Job,
  shape: AnswerShape,
  link: (image: StoredImage) => ImageLink,
): Promise<void> {
  const pieces = layOut(job, shape, link);
  const first = pieces.find((piece) => typeof piece !== 'string');
  // Opened before the head is sent: where the store is away the client gets an answer that it can retry.
  const opened = first && typeof first !== 'string' ? await open(deps, first) : null;
  const length = pieces.reduce(
    (sum, piece) => sum + (typeof piece === 'string' ? Buffer.byteLength(piece) : base64Length(piece.bytes)),
    0,
  );
  response.status(200).set({ 'content-type': 'application/json', 'content-length': String(length) });
  for (const piece of pieces) {
    if (typeof piece === 'string') await write(response, piece);
    else await writeBase64(response, (piece === first && opened ? opened : await open(deps, piece)).body);
  }
  response.end();
}

/** The answer's text with images where their base64 goes. */
export function layOut(
  job: Job,
  shape: AnswerShape,
  link: (image: StoredImage) => ImageLink,
): (string | StoredImage)[] {
  const pieces: (string | StoredImage)[] = [
    `{"created":${Math.floor((job.completed_at ?? Date.now()) / 1_000)},"data":[`,
  ];
  for (const [i, image] of job.images.entries()) {
    const rest = {
      ...(shape.url ? { url: link(image).url } : {}),
      ...(image.revised_prompt === null ? {} : { revised_prompt: image.revised_prompt }),
    };
    const tail = JSON.stringify(rest).slice(1);
    const comma = i > 0 ? ',' : '';
    if (!shape.b64) pieces.push(`${comma}{${tail}`);
    else pieces.push(`${comma}{"b64_json":"`, image, tail === '}' ? '"}' : `",${tail}`);
  }
  const end = JSON.stringify({ ...effectiveParameters(job), ...(job.usage ? { usage: job.usage } : {}) }).slice(1);
  pieces.push(end === '}' ? ']}' : `],${end}`);
  return pieces;
}

/** Never "auto": what the picture is, where it tells; else what the provider says it did, else what was asked for. */
export function effectiveParameters(job: Job): Record<string, string> {
  const image = job.images[0];
  const made = {
    background: job.effective.background ?? job.request.background,
    output_format: image?.content_type.slice('image/'.length) ?? job.effective.output_format,
    quality: job.effective.quality ?? job.request.quality,
    size: image ? `${image.width}x${image.height}` : job.effective.size,
  };
  return Object.fromEntries(
    Object.entries(made).flatMap(([name, value]) => (value === undefined || value === 'auto' ? [] : [[name, value]])),
  );
}

export async function open(
  deps: Pick<ApiDeps, 'storage'>,
  image: Pick<StoredImage, 'key'>,
  range?: { readonly start: number; readonly end: number },
): Promise<ReadObject> {
  const object = await deps.storage.get(image.key, range);
  if (!object) throw new StorageError('denied', `the image ${image.key} is gone from the store`);
  return object;
}

export const base64Length = (bytes: number): number => 4 * Math.ceil(bytes / 3);

/** Base64 in pieces of whole groups of three bytes. */
export async function writeBase64(response: Response, body: Readable): Promise<void> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of body as AsyncIterable<Buffer>) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const whole = bytes.length - (bytes.length % 3);
    rest = bytes.subarray(whole);
    if (whole > 0) await write(response, bytes.toString('base64', 0, whole));
  }
  if (rest.length > 0) await write(response, rest.toString('base64'));
}

export async function write(response: Response, text: string): Promise<void> {
  if (response.destroyed) throw new Error('the client is gone');
  if (response.write(text)) return;
  // Whichever comes second is not waited for: a slow reader of a large answer makes thousands of these.
  const settled = new AbortController();
  const { signal } = settled;
  await Promise.race([once(response, 'drain', { signal }), once(response, 'close', { signal })]);
  settled.abort();
}
