import { decodeImage } from '@rendermill/shared/adapters/images/decode';
import type { Account } from '@rendermill/shared/domain/accounts';
import type { Attempt, SpooledImage } from '@rendermill/shared/domain/attempts';
import type { Job, StoredImage } from '@rendermill/shared/domain/job';
import { imageKey, imageKeyPrefix } from '@rendermill/shared/domain/object-keys';
import { parseSize, type Size } from '@rendermill/shared/domain/sizes';
import { StorageError } from '@rendermill/shared/ports/storage';
import type { WorkerDeps } from '../deps.js';
import { keepStoring } from './keep-storing.js';

/** A result that turned out not to be a picture. */
export interface NotAPicture {
  readonly index: number;
  readonly detail: string;
}

/** Checks a result in a worker's spool in full, and stores it under its key, once for all time. */
export async function storeImage(
  deps: WorkerDeps,
  job: Job,
  attempt: Attempt,
  account: Account | undefined,
  image: SpooledImage,
  worker: string,
): Promise<StoredImage | NotAPicture> {
  const path = deps.spool.path(image.file, worker);
  const bytes = deps.spool.recent(image.file, worker);
  const decoded = await decodeImage(bytes ?? path);
  if ('kind' in decoded) {
    const detail = decoded.kind === 'damaged' ? `damaged (${decoded.detail})` : decoded.kind.replace('_', ' ');
    return { index: image.index, detail };
  }
  reportSize(deps, job, attempt, decoded);
  const stored: StoredImage = {
    index: image.index,
    key: imageKey(job, image.index, decoded.type),
    content_type: decoded.type,
    width: decoded.width,
    height: decoded.height,
    bytes: image.bytes,
    sha256: image.sha256,
    revised_prompt: image.revised_prompt,
  };
  return keepStoring(deps, stored.key, async () => {
    const facts = { contentType: stored.content_type, bytes: stored.bytes, sha256: stored.sha256 };
    const metadata = imageMetadata(job, attempt, account, stored);
    const put = await deps.uploads(async () => deps.storage.putOnce(stored.key, path, { ...facts, metadata }, bytes));
    if (put === 'stored') {
      deps.metrics.stored.inc();
      deps.metrics.storedBytes.inc(stored.bytes);
      return stored;
    }
    return storedBefore(deps, job, image.index);
  });
}

/** Some routes of relays ignore the size that was asked for. Paid is paid: the picture is kept, under its true size. */
function reportSize(deps: WorkerDeps, job: Job, attempt: Attempt, made: Size): void {
  const asked = parseSize(job.request.size ?? 'auto');
  if (!asked || (asked.width === made.width && asked.height === made.height)) return;
  const { provider } = attempt;
  deps.metrics.otherSize.inc({ provider });
  deps.log.warn(
    { job: job.id, provider, asked: job.request.size, made: `${made.width}x${made.height}` },
    'image.other_size',
  );
}

/** Who made a picture, for whom, from what and for how much: the bucket alone is enough to tell. ASCII. */
function imageMetadata(
  job: Job,
  attempt: Attempt,
  account: Account | undefined,
  image: StoredImage,
): Record<string, string> {
  const ascii = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 128);
  return {
    project: job.project,
    job: job.id,
    line: String(job.line?.number ?? 0),
    index: String(image.index),
    generation: String(job.generation),
    'request-hash': job.request_hash,
    attempt: String(attempt.number),
    provider: attempt.provider,
    preset: account?.preset.id ?? 'unknown',
    model: ascii(job.model),
    'request-id': ascii(attempt.settlement?.request_id ?? ''),
    sha256: image.sha256,
    width: String(image.width),
    height: String(image.height),
    'cost-micros': String(attempt.settlement?.cost ?? 'unknown'),
  };
}

/**
 * Somebody has stored this image before: an earlier owner of the job, or this one before a crash. Where the bucket
 * says that it was made for this very request, it is the result; anything else nobody may overwrite.
 */
async function storedBefore(deps: WorkerDeps, job: Job, index: number): Promise<StoredImage> {
  for await (const { key } of deps.storage.list(imageKeyPrefix(job, index))) {
    const facts = await deps.storage.head(key);
    const metadata = facts?.metadata;
    if (!facts || metadata?.['job'] !== job.id || metadata['request-hash'] !== job.request_hash) continue;
    return {
      index,
      key,
      content_type: facts.contentType,
      width: Number(metadata['width']),
      height: Number(metadata['height']),
      bytes: facts.bytes,
      sha256: metadata['sha256'] ?? '',
      revised_prompt: null,
    };
  }
  throw new StorageError('denied', `something that this job did not make lies under ${imageKeyPrefix(job, index)}*`);
}
