import type { Job, JobImage } from './types';

/** Links to pictures are signed for a time: kept while they are good, since a new address is a picture to load anew. */

/** A link is given up before its end: so many seconds, or a quarter of its life where that is short. */
const spareSeconds = 600;

/** Until when (ms) all the links of these jobs are good, as they were read just now; Infinity: there are none. */
export function goodUntil(jobs: readonly Job[]): number {
  const now = Date.now() / 1_000;
  const ends = jobs.flatMap(({ images }) =>
    images.map(({ url_expires_at }) => url_expires_at - spare(url_expires_at, now)),
  );
  return ends.reduce((first, end) => Math.min(first, end), Infinity) * 1_000;
}

const spare = (end: number, now: number): number => Math.min(spareSeconds, (end - now) / 4);

/**
 * What was read anew, as it was before where nothing has changed, and with the links that it had: so nothing of it is drawn
 * or loaded again. Of the jobs in `broken` a picture did not load: they get new links.
 */
export function keepLinks(
  fresh: readonly Job[],
  before: readonly Job[],
  broken: ReadonlySet<string> = new Set(),
): readonly Job[] {
  const known = new Map(before.map((job) => [job.id, job]));
  return fresh.map((job) => {
    const old = known.get(job.id);
    if (!old || broken.has(job.id)) return job;
    const images = job.images.map((image) => kept(image, old.images));
    return isSame(job, old) && images.every((image, i) => image === old.images[i]) ? old : { ...job, images };
  });
}

function kept(image: JobImage, before: readonly JobImage[]): JobImage {
  const now = Date.now() / 1_000;
  const old = before.find(({ index }) => index === image.index);
  if (old?.sha256 !== image.sha256 || old.url_expires_at <= now + spare(image.url_expires_at, now)) return image;
  return old;
}

const isSame = (job: Job, old: Job): boolean =>
  job.status === old.status &&
  job.generation === old.generation &&
  job.error?.code === old.error?.code &&
  job.custom_id === old.custom_id &&
  job.attempts.length === old.attempts.length &&
  job.cost.actual === old.cost.actual &&
  job.images.length === old.images.length;
