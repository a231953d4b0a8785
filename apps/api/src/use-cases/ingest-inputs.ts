import { createReadStream } from 'node:fs';
import { OutboundError } from '@rendermill/shared/adapters/http/outbound';
import { ingestImage, ingestMask, type IngestedImage } from '@rendermill/shared/adapters/images/ingest';
import { RendermillError } from '@rendermill/shared/domain/errors';
import { maxInputImages, type ImageReference, type JobInput } from '@rendermill/shared/domain/job-request';
import { inputKey } from '@rendermill/shared/domain/object-keys';
import type { Stage } from '@rendermill/shared/domain/job';
import type { ApiDeps } from '../deps.js';
import { copyOfFile } from './copy-of-file.js';
import type { ReceivedBody, UploadedFile } from '../http/receive-body.js';

/** Input images of a request: what came with it is checked in full here, before anything is stored or paid. */

/** An input that is checked and not stored yet, or a URL that a worker will fetch. */
type Ingested = IngestedImage | { readonly url: string };

/** Inputs on their way into a job. */
export interface IngestedInputs {
  readonly images: readonly Ingested[];
  readonly mask: Ingested | null;
  /** `prepare` where a worker has to fetch something first. */
  readonly stage: Stage;
}

export async function ingestInputs(
  deps: ApiDeps,
  project: string,
  body: ReceivedBody,
  images: readonly ImageReference[],
  mask: ImageReference | null,
  maskFrom: string | undefined,
): Promise<IngestedInputs> {
  if (images.length > maxInputImages)
    throw new RendermillError('too_many_images', `At most ${maxInputImages} images.`, { param: 'image' });
  const name = (i: number): string => (images.length > 1 ? `images.${i}` : 'image');
  const sourceOf = async (reference: ImageReference, param: string): Promise<UploadedFile | string> => {
    if ('file_id' in reference) return copyOfFile(deps, project, body.folder, reference.file_id, param);
    return body.fileOf(reference.image_url) ?? reference.image_url;
  };
  const ingesting = images.map(async (reference, i) => ingest(deps, await sourceOf(reference, name(i)), name(i)));
  // All of them, also where one is refused: their folder is removed after this.
  await Promise.allSettled(ingesting);
  const ingested = await Promise.all(ingesting);
  const first = ingested[0];
  const ingestedMask = mask && (await ingestTheMask(deps, await sourceOf(mask, 'mask'), maskFrom, first));
  const later = [...ingested, ...(ingestedMask ? [ingestedMask] : [])].some(
    (input) => 'url' in input || input.facts.width === null,
  );
  return { images: ingested, mask: ingestedMask, stage: later ? 'prepare' : 'ready' };
}

async function ingest(deps: ApiDeps, source: UploadedFile | string, param: string): Promise<Ingested> {
  if (typeof source !== 'string') return ingestImage(source.path, param, null);
  return { url: await checkUrl(deps, source, param) };
}

/** A mask is held against the first image's size once that is known: beside an image that is a URL a worker does it. */
async function ingestTheMask(
  deps: ApiDeps,
  source: UploadedFile | string,
  maskFrom: string | undefined,
  first: Ingested | undefined,
): Promise<Ingested> {
  if (typeof source === 'string') return { url: await checkUrl(deps, source, 'mask') };
  if (!first) throw new RendermillError('missing_image', 'A mask needs an image.', { param: 'image' });
  if ('url' in first) {
    const { path, facts } = await ingestImage(source.path, 'mask', null);
    return { path, facts: { ...facts, width: null, height: null } };
  }
  const { width, height } = first.facts;
  if (width === null || height === null) throw new Error('an image was ingested without its size');
  return ingestMask(source.path, maskFrom, { width, height }, null);
}

async function checkUrl(deps: ApiDeps, url: string, param: string): Promise<string> {
  if (url.startsWith('data:')) {
    throw new RendermillError('invalid_image', `${param}: a data URL is written as data:image/png;base64,…`, { param });
  }
  try {
    return (await deps.outbound.check(url, false)).href;
  } catch (error) {
    if (error instanceof OutboundError)
      throw new RendermillError('invalid_parameter', `${param}: ${error.message}.`, { param, cause: error });
    throw error;
  }
}

/** Stores the inputs of a job that is about to be, under its keys. */
export async function storeInputs(
  deps: ApiDeps,
  place: { readonly id: string; readonly project: string; readonly created_at: number },
  inputs: IngestedInputs,
): Promise<{ inputs: JobInput[]; mask: JobInput | null }> {
  const keep = async (input: Ingested, name: number | 'mask'): Promise<JobInput> => {
    if ('url' in input)
      return { url: input.url, key: null, sha256: null, bytes: null, content_type: null, width: null, height: null };
    const contentType = input.facts.content_type ?? 'application/octet-stream';
    const key = inputKey(place, name, contentType);
    await deps.uploads(async () => deps.storage.put(key, createReadStream(input.path), contentType));
    return { ...input.facts, key };
  };
  const images = await Promise.all(inputs.images.map(async (image, i) => keep(image, i)));
  return { inputs: images, mask: inputs.mask && (await keep(inputs.mask, 'mask')) };
}
