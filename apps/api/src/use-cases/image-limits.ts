import type { OverLimit } from '@rendermill/shared/adapters/redis/job-store';
import { RendermillError } from '@rendermill/shared/domain/errors';
import type { Caller } from '../deps.js';

/** An API key's limits of images. They are kept in the script that writes the job; here they are put into words. */

/** One job's images end at times of their own: what a client does well to wait before it looks again. */
const lookAgainMs = 5_000;

/** An order that is larger than the limit itself fits at no time. */
export function requireFit({ imagesPerMinute, imagesUnderWay }: Caller, images: number): void {
  const most = Math.min(imagesPerMinute ?? Infinity, imagesUnderWay ?? Infinity);
  if (images <= most) return;
  const message = `n: this API key may order ${most} images at once, by its limits: ask for fewer.`;
  throw new RendermillError('invalid_parameter', message, { param: 'n' });
}

export function tooManyImages(
  { imagesPerMinute, imagesUnderWay }: Caller,
  how: Exclude<OverLimit['how'], 'over_limit'>,
  fact: number,
): RendermillError {
  const perMinute = how === 'images_per_minute';
  const retryAfterMs = perMinute ? fact : lookAgainMs;
  const message = perMinute
    ? `This API key may order ${imagesPerMinute} images a minute: try again in ${Math.max(1, Math.ceil(fact / 1_000))} s.`
    : `This API key may have ${imagesUnderWay} images under way, and has ${fact}: try again when some of its jobs have ended.`;
  return new RendermillError('rate_limit_exceeded', message, { retryAfterMs });
}
