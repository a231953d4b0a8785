import type { Account } from './accounts.js';
import { RendermillError } from './errors.js';
import type { Mode } from './job.js';
import {
  checkAgainstModel,
  normaliseRequest,
  type ImageReference,
  type JobRequest,
  type Operation,
} from './job-request.js';
import type { JobBody } from './request-body.js';
import { eligibleAccounts, requireAccounts } from './routing.js';

/** What a job's body asks for, checked against its model and the accounts; its input images are still to be read. */
export interface Plan {
  readonly request: JobRequest;
  readonly images: readonly ImageReference[];
  readonly model: string;
}

/** Throws what is wrong with it. `previews`: partial images that a streaming caller wants. */
export function planJob(accounts: readonly Account[], mode: Mode, job: JobBody, previews = 0): Plan {
  const request = { ...normaliseRequest(job), ...(previews > 0 ? { partial_images: previews } : {}) };
  const images = requireImages(job.type, [...(job.image ?? []), ...(job.images ?? [])]);
  const provider = job.provider ?? null;
  const model = job.model ?? defaultModel(accounts, mode, job.type, provider);
  const needs = { model, operation: job.type, mode, provider };
  requireAccounts(accounts, needs);
  checkAgainstModel(model, job.type, request, images.length);
  const inputs = { images: images.length, mask: job.mask != null };
  requireAccounts(accounts, { ...needs, request, inputs });
  return { request, images, model };
}

function requireImages<T>(type: Operation, images: T[]): T[] {
  if (type === 'generation' && images.length > 0) {
    throw new RendermillError('invalid_parameter', "A job with input images has type 'edit'.", { param: 'type' });
  }
  if (type !== 'generation' && images.length === 0) {
    throw new RendermillError('missing_image', 'Send the image to work on.', { param: 'image' });
  }
  if (type === 'variation' && images.length > 1)
    throw new RendermillError('too_many_images', 'A variation is of one image.', { param: 'image' });
  return images;
}

/** A request that names no model gets the first account's default. */
function defaultModel(accounts: readonly Account[], mode: Mode, operation: Operation, provider: string | null): string {
  const defaults = accounts
    .map((account) => account.preset.defaultModel)
    .filter((model) => eligibleAccounts(accounts, { model, operation, mode, provider }).length > 0);
  return defaults[0] ?? 'gpt-image-1';
}
