import { thumbnailSize } from '@rendermill/shared/adapters/images/thumbnail';
import type { Job, StoredImage } from '@rendermill/shared/domain/job';
import { thumbnailKey } from '@rendermill/shared/domain/object-keys';
import type { ImageLink, JobLinks } from '@rendermill/shared/domain/present-job';
import { signPath } from '@rendermill/shared/domain/signed-links';
import type { Settings } from '../deps.js';

export function imagePath(jobId: string, index: number): string {
  return `/v1/jobs/${jobId}/images/${index}`;
}

/** Signed links of ours to the images of a job: they work without a key until they expire. */
export function linker(settings: Settings, job: Pick<Job, 'id' | 'project'>): (image: StoredImage) => ImageLink {
  const { image } = jobLinks(settings, job);
  return image;
}

/** The same, and links to the pictures that went into it. */
export function jobLinks(settings: Settings, { id, project }: Pick<Job, 'id' | 'project'>): JobLinks {
  const expires = Math.floor(Date.now() / 1_000) + settings.urlTtlSeconds;
  const sign = (path: string): string => settings.publicUrl + signPath(settings.secret, { path, project }, expires);
  return {
    image: (image) => {
      const path = imagePath(id, image.index);
      return { url: sign(path), url_expires_at: expires, variants: variantsOf(image, sign(`${path}/thumbnail`)) };
    },
    input: (name) => sign(`/v1/jobs/${id}/inputs/${name}`),
  };
}

/** Its bytes are made when they are first asked for: how many they are is not known before. */
function variantsOf({ key, content_type, width, height }: StoredImage, url: string): ImageLink['variants'] {
  if (content_type === 'image/svg+xml') return [];
  const facts = { content_type: 'image/webp', ...thumbnailSize(width, height), bytes: null, sha256: null };
  return [{ name: 'thumbnail', key: thumbnailKey(key), url, ...facts }];
}
