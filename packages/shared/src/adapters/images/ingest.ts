import { rm } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { createHash } from 'node:crypto';
import type { JobInput } from '../../domain/job-request.js';
import { cleanImage, type CleanImage } from './clean.js';
import { checkMask, maskFromLuminance } from './masks.js';

/** An input image that passed every check, on local disk, in the form in which a provider gets it. */
export interface IngestedImage {
  readonly path: string;
  readonly facts: Omit<JobInput, 'key'>;
}

/** Checks an image in full, and leaves of its file the picture alone. The file itself is gone where another takes its place. */
export async function ingestImage(path: string, param: string, url: string | null): Promise<IngestedImage> {
  return describe(await cleanImage(path, param), url);
}

/** Checks a mask against the first image; makes it from black and white where `mask_from` says so. */
export async function ingestMask(
  path: string,
  maskFrom: string | undefined,
  first: { readonly width: number; readonly height: number },
  url: string | null,
): Promise<IngestedImage> {
  const given = await cleanImage(path, 'mask');
  if (maskFrom !== 'luminance' && maskFrom !== 'inverted')
    return describe({ path: given.path, image: await checkMask(given.path, first) }, url);
  const alpha = `${path}.alpha`;
  await maskFromLuminance(given.path, alpha, maskFrom);
  const image = await checkMask(alpha, first);
  await rm(given.path);
  return describe({ path: alpha, image }, url);
}

async function describe({ path, image }: CleanImage, url: string | null): Promise<IngestedImage> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  const { type, width, height } = image;
  return { path, facts: { url, sha256: hash.digest('hex'), bytes, content_type: type, width, height } };
}
