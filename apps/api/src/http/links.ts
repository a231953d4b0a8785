import type { Job, StoredImage } from '@rendermill/shared/domain/job';
import type { ImageLink } from '@rendermill/shared/domain/present-job';
import { signPath } from '@rendermill/shared/domain/signed-links';
import type { Settings } from '../deps.js';

export function imagePath(jobId: string, index: number): string {
  return `/v1/jobs/${jobId}/images/${index}`;
}

/** Signed links of ours to the images of a job: they work without a key until they expire. */
export function linker(settings: Settings, job: Pick<Job, 'id' | 'project'>): (image: StoredImage) => ImageLink {
  const expires = Math.floor(Date.now() / 1_000) + settings.urlTtlSeconds;
  return ({ index }) => ({
    url:
      settings.publicUrl + signPath(settings.secret, { path: imagePath(job.id, index), project: job.project }, expires),
    url_expires_at: expires,
  });
}
