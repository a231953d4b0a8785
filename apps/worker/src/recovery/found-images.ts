import type { Attempt } from '@rendermill/shared/domain/attempts';
import type { StoredImage } from '@rendermill/shared/domain/job';
import type { RecoveryDeps } from './deps.js';

/** A picture in the bucket, and what its metadata tells of how it was made. */
export interface FoundImage {
  readonly image: StoredImage;
  readonly requestHash: string;
  readonly made: Pick<Attempt, 'number' | 'generation' | 'provider' | 'model'> & {
    readonly requestId: string | null;
    /** Micro-dollars; null where the price is not known. */
    readonly cost: number | null;
  };
}

/** `…/{index}.{ext}`: the picture itself, and none of what was derived from it. */
const imageName = /\/(\d{1,3})\.[a-z]+$/;

/** Those of these keys that are this job's pictures. */
export async function imagesAt(
  deps: Pick<RecoveryDeps, 'storage'>,
  jobId: string,
  keys: readonly string[],
): Promise<FoundImage[]> {
  const found = await Promise.all(keys.map(async (key) => imageAt(deps, jobId, key)));
  return found.filter((image) => image !== null).sort((a, b) => a.image.index - b.image.index);
}

async function imageAt(
  { storage }: Pick<RecoveryDeps, 'storage'>,
  jobId: string,
  key: string,
): Promise<FoundImage | null> {
  const index = imageName.exec(key)?.[1];
  const facts = index === undefined ? null : await storage.head(key);
  const metadata = facts?.metadata;
  // Nothing else is ever taken for a result: see storedBefore.
  if (!facts || metadata?.['job'] !== jobId) return null;
  const cost = Number(metadata['cost-micros']);
  return {
    image: {
      index: Number(index),
      key,
      content_type: facts.contentType,
      width: Number(metadata['width']),
      height: Number(metadata['height']),
      bytes: facts.bytes,
      sha256: metadata['sha256'] ?? '',
      revised_prompt: null,
    },
    requestHash: metadata['request-hash'] ?? '',
    made: {
      number: Number(metadata['attempt']),
      generation: Number(metadata['generation']),
      provider: metadata['provider'] ?? '',
      model: metadata['model'] ?? '',
      requestId: metadata['request-id'] || null,
      cost: Number.isFinite(cost) ? cost : null,
    },
  };
}
