import type { Response } from 'express';
import type { RequestLimits } from '@rendermill/shared/adapters/redis/request-limits';
import type { ApiDeps, Caller } from '../deps.js';
import type { Context } from './route.js';

/** What is left of an API key's limits, as draft-ietf-httpapi-ratelimit-headers writes it. */
export interface Quota {
  readonly name: 'requests' | 'images' | 'images-under-way';
  readonly limit: number;
  readonly used: number;
  /** Until the present minute ends; null: no time frees it. */
  readonly leftMs: number | null;
}

export function tellQuotas(response: Response, quotas: readonly Quota[]): void {
  if (quotas.length === 0) return;
  response.locals['quotas'] = quotas;
  response.set({
    'ratelimit-policy': quotas
      .map(({ name, limit, leftMs }) => item(name, { q: limit, w: leftMs === null ? null : 60 }))
      .join(', '),
    ratelimit: quotas
      .map(({ name, limit, used, leftMs }) => item(name, { r: limit - used, t: seconds(leftMs) }))
      .join(', '),
  });
}

/** The limits of images; a key without them costs no look into Redis. */
export async function imageQuotas(limits: RequestLimits, caller: Caller): Promise<Quota[]> {
  const { keyId, imagesPerMinute, imagesUnderWay } = caller;
  if (imagesPerMinute === null && imagesUnderWay === null) return [];
  const { ordered, underWay } = await limits.images(keyId);
  const quotas: Quota[] = [];
  if (imagesPerMinute !== null)
    quotas.push({ name: 'images', limit: imagesPerMinute, used: ordered.count, leftMs: ordered.leftMs });
  if (imagesUnderWay !== null)
    quotas.push({ name: 'images-under-way', limit: imagesUnderWay, used: underWay, leftMs: null });
  return quotas;
}

/** Orders images, and says anew what is left of them, also where they were refused. */
export async function orderImages<T>({ deps, caller, response }: Context, order: () => Promise<T>): Promise<T> {
  try {
    return await order();
  } finally {
    await tellImages(deps, caller, response);
  }
}

/** With Redis away the answer is about more than what is left. */
async function tellImages({ requestLimits, log }: ApiDeps, caller: Caller, response: Response): Promise<void> {
  let fresh: Quota[];
  try {
    fresh = await imageQuotas(requestLimits, caller);
  } catch (error) {
    log.warn({ error }, 'quotas.not_told');
    return;
  }
  const told = (response.locals['quotas'] ?? []) as readonly Quota[];
  tellQuotas(response, [...told.filter(({ name }) => name === 'requests'), ...fresh]);
}

function item(name: string, parameters: Record<string, number | null>): string {
  const given = Object.entries(parameters).filter((entry): entry is [string, number] => entry[1] !== null);
  return [`"${name}"`, ...given.map(([key, value]) => `${key}=${Math.max(0, value)}`)].join(';');
}

const seconds = (ms: number | null): number | null => (ms === null ? null : Math.max(1, Math.ceil(ms / 1_000)));
