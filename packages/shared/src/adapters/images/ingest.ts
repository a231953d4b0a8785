import { rm } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { createHash } from 'node:crypto';
import type { JobInput } from '../../domain/job-request.js';
import { checkInputImage, checkMask, maskFromLuminance, normaliseInput } from './check-input.js';
import type { DecodedImage } from './decode.js';

/** An input image that passed every check, on local disk, in the form in which a provider gets it. */
export interface IngestedImage {
  readonly path: string;
  readonly facts: Omit<JobInput, 'key'>;
}

/** Checks an image in full, and makes it upright 8-bit sRGB where it is not; untouched where it is. */
export async function ingestImage(path: string, param: string, url: string | null): Promise<IngestedImage> {
  const image = await checkInputImage(path, param);
  const normal = `${path}.normal`;
  if (!(await normaliseInput(path, normal, image))) return describe(path, image, url);
  const again = await checkInputImage(normal, param);
  await rm(path);
  return describe(normal, again, url);
}

/** Checks a mask against the first image; makes it from black and white where `mask_from` says so. */
export async function ingestMask(
  path: string,
  maskFrom: string | undefined,
  first: { readonly width: number; readonly height: number },
  url: string | null,
): Promise<IngestedImage> {
  if (maskFrom !== 'luminance' && maskFrom !== 'inverted') return describe(path, await checkMask(path, first), url);
  await checkInputImage(path, 'mask');
  const alpha = `${path}.alpha`;
  await maskFromLuminance(path, alpha, maskFrom);
  const mask = await checkMask(alpha, first);
  await rm(path);
  return describe(alpha, mask, url);
}

async function describe(path: string, image: DecodedImage, url: string | null): Promise<IngestedImage> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  const { type, width, height } = image;
  return { path, facts: { url, sha256: hash.digest('hex'), bytes, content_type: type, width, height } };
}
