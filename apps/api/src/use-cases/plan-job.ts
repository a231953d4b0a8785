import type { Account } from '@rendermill/shared/domain/accounts';
import { RendermillError } from '@rendermill/shared/domain/errors';
import {
  checkAgainstModel,
  normaliseRequest,
  type ImageReference,
  type JobRequest,
  type Operation,
} from '@rendermill/shared/domain/job-request';
import type { JobBody } from '@rendermill/shared/domain/request-body';
import { eligibleAccounts, requireAccounts, route, type RoutingClass } from '@rendermill/shared/domain/routing';
import type { ApiDeps, Caller } from '../deps.js';
import { requireWebhookUrl } from './webhook-url.js';

/** What a job's body asks for, checked against its model and the accounts; its input images are still to be read. */
export interface PlannedJob {
  readonly request: JobRequest;
  readonly images: readonly ImageReference[];
  readonly model: string;
  /** The accounts that could serve it, best first. */
  readonly eligible: readonly Account[];
  readonly routing: RoutingClass;
  readonly webhookUrl: string | null;
}

/** Throws what is wrong with it. Nothing is stored. `previews`: partial images that a streaming caller wants. */
export async function planJob(deps: ApiDeps, caller: Caller, job: JobBody, previews = 0): Promise<PlannedJob> {
  const request = { ...normaliseRequest(job), ...(previews > 0 ? { partial_images: previews } : {}) };
  const images = requireImages(job.type, [...(job.image ?? []), ...(job.images ?? [])]);
  const provider = job.provider ?? null;
  const model = job.model ?? defaultModel(deps, caller, job.type, provider);
  const needs = { model, operation: job.type, mode: caller.mode, provider };
  requireAccounts(deps.accounts, needs);
  checkAgainstModel(model, job.type, request, images.length);
  const inputs = { images: images.length, mask: job.mask != null };
  const { eligible, routing } = route(deps.accounts, { ...needs, request, inputs }, request.n);
  const webhookUrl = job.webhook_url == null ? null : await requireWebhookUrl(deps, job.webhook_url, 'webhook_url');
  return { request, images, model, eligible, routing, webhookUrl };
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
function defaultModel(deps: ApiDeps, caller: Caller, operation: Operation, provider: string | null): string {
  const defaults = deps.accounts
    .map((account) => account.preset.defaultModel)
    .filter((model) => eligibleAccounts(deps.accounts, { model, operation, mode: caller.mode, provider }).length > 0);
  return defaults[0] ?? 'gpt-image-1';
}
