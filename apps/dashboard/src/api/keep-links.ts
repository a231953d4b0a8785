import type { Job, JobImage } from './types';

/** A link that has so long to live is still good, in seconds. */
const enough = 600;

/**
 * What was read anew, with the links to pictures that it had before: each answer signs new ones, and to a browser a new
 * address is a picture that it has not loaded.
 */
export function keepLinks(fresh: readonly Job[], before: readonly Job[]): readonly Job[] {
  const known = new Map(before.flatMap(({ id, images }) => images.map((image) => [`${id} ${image.index}`, image])));
  const kept = (job: Job, image: JobImage): JobImage => {
    const old = known.get(`${job.id} ${image.index}`);
    return old?.sha256 === image.sha256 && old.url_expires_at > Date.now() / 1_000 + enough ? old : image;
  };
  return fresh.map((job) => ({ ...job, images: job.images.map((image) => kept(job, image)) }));
}
