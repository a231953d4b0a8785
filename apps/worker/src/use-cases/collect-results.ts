import { attemptKey } from '@rendermill/shared/adapters/spool/journal';
import type { Attempt, Checkpoint, SpooledImage } from '@rendermill/shared/domain/attempts';
import { errorBodyOf, type ErrorBody } from '@rendermill/shared/domain/errors';
import type { Job, StoredImage } from '@rendermill/shared/domain/job';
import { StorageError } from '@rendermill/shared/ports/storage';
import type { WorkerDeps } from '../deps.js';
import { copyResult } from './copy-result.js';
import { storeImage } from './store-image.js';

/** What became of the paid results of one attempt. */
export interface Collected {
  readonly images: readonly StoredImage[];
  /** Why some are missing, or null where none is. */
  readonly error: ErrorBody | null;
}

/**
 * Takes the results of a billed attempt from where its checkpoint says they are to the bucket: links are copied to
 * the spool, nearest expiry first; spooled files are checked in full and stored. Resumable at any line.
 */
export async function collectResults(
  deps: WorkerDeps,
  job: Job,
  attempt: Attempt,
  checkpoint: Checkpoint,
): Promise<Collected> {
  const account = deps.accounts.get(attempt.provider);
  const key = attemptKey(job.id, attempt.generation, attempt.number);
  const done = new Set(job.images.map((image) => image.index));
  const spooled = checkpoint.spooled
    .filter(({ index }) => !done.has(index))
    .map((image) => ({ image, path: deps.spool.path(image.file, checkpoint.worker) }));

  const links = checkpoint.urls.filter(({ index }) => !done.has(index)).sort((a, b) => a.expires_at - b.expires_at);
  const copies = await Promise.all(links.map(async (link) => copyResult(deps, key, account, link)));
  const copied = copies.filter((copy): copy is SpooledImage => !('expired' in copy));
  if (copied.length > 0) await recordCopies(deps, job, attempt, checkpoint, copied);
  spooled.push(...copied.map((image) => ({ image, path: deps.spool.path(image.file) })));

  const results = await Promise.all(
    spooled.map(async ({ image, path }) => storeImage(deps, job, attempt, account, image, path)),
  );
  await deps.ledger.checkpoint(job.id, attempt.number, null);
  return { images: results.filter((result) => 'key' in result), error: missing(copies, results) };
}

/** The links are no longer needed: the pictures lie on this disk. */
async function recordCopies(
  deps: WorkerDeps,
  job: Job,
  attempt: Attempt,
  checkpoint: Checkpoint,
  copied: readonly SpooledImage[],
): Promise<void> {
  await deps.spool.sync();
  // A checkpoint names one folder: files of another worker's are stored from there, and come first.
  if (checkpoint.spooled.length > 0 && checkpoint.worker !== deps.worker) return;
  await deps.ledger.checkpoint(job.id, attempt.number, {
    worker: deps.worker,
    spooled: [...checkpoint.spooled, ...copied],
    urls: checkpoint.urls.filter(({ index }) => !copied.some((image) => image.index === index)),
  });
}

function missing(copies: readonly object[], results: readonly object[]): ErrorBody | null {
  const expired = copies.find((copy): copy is { detail: string } => 'expired' in copy);
  if (expired) {
    return errorBodyOf(
      'result_url_expired',
      `The picture was paid, and its link died before it could be copied: ${expired.detail}.`,
    );
  }
  const bad = results.find((result): result is { detail: string } => 'detail' in result);
  return bad ? errorBodyOf('bad_provider_response', `What the provider sent is not a picture: ${bad.detail}.`) : null;
}

/** What a job fails with when the store refuses what was paid for; the results stay in the spool for a retry. */
export function storageFailure(error: StorageError): ErrorBody {
  return errorBodyOf(
    'storage_denied',
    `${error.message}. The paid pictures are kept: mend the access, then retry the job.`,
  );
}
