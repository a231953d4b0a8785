import { fitting, type StoredEvent } from './events.js';
import { signPath } from './signed-links.js';

/** Links to the pictures that a job's event tells of, for endpoints that ask for them. */

export interface EventLinks {
  /** Our public URL as it was when the endpoint asked for them. */
  readonly publicUrl: string;
  readonly secret: string;
  /** How long they work, from the event on: every try has the same bytes. */
  readonly ttlSeconds: number;
}

interface ToldImage {
  readonly index: number;
}

/** The event with a signed link of ours at each image; any that has no images is as it was. */
export function withLinks(event: StoredEvent, { publicUrl, secret, ttlSeconds }: EventLinks): StoredEvent {
  const { id, object, images, left_out: before = [] } = event.data;
  if (object !== 'job' || typeof id !== 'string' || !Array.isArray(images)) return event;
  const url_expires_at = Math.floor(event.created_at / 1_000) + ttlSeconds;
  const linked = (images as ToldImage[]).map((image) => {
    const place = { path: `/v1/jobs/${id}/images/${image.index}`, project: event.project };
    return { ...image, url: publicUrl + signPath(secret, place, url_expires_at), url_expires_at };
  });
  const { left_out: now = [], ...data } = fitting({ ...event.data, images: linked }, ['metadata', 'error', 'images']);
  const left_out = [...new Set([...(before as string[]), ...(now as string[])])];
  return { ...event, data: left_out.length === 0 ? data : { ...data, left_out } };
}
