import { attemptKey } from '@rendermill/shared/adapters/spool/journal';
import type { Attempt, Checkpoint, SpooledImage } from '@rendermill/shared/domain/attempts';
import { errorBodyOf, type ErrorBody } from '@rendermill/shared/domain/errors';
import type { Job, StoredImage } from '@rendermill/shared/domain/job';
import { StorageError } from '@rendermill/shared/ports/storage';
import { withoutPrompt } from '@rendermill/shared/domain/without-prompt';
import type { WorkerDeps } from '../deps.js';
import { awaitTask } from './await-task.js';
import { copyResult, type Expired } from './copy-result.js';
import { storeImage, type NotAPicture } from './store-image.js';

/** What became of the paid results of one attempt. */
export interface Collected {
  readonly images: readonly StoredImage[];
  /** Why some are missing, or null where none is. */
  readonly error: ErrorBody | null;
}

/**
 * Takes the results of a billed attempt from where its checkpoint says they are to the bucket: links are copied to
 * the spool, nearest expiry first; spooled files are checked in full and stored. Each step of each picture is in the
 * ledger before the next, so that it can be resumed at any line. `reachable` is what this process can get at.
 */
export async function collectResults(
  deps: WorkerDeps,
  job: Job,
  attempt: Attempt,
  checkpoint: Checkpoint,
  reachable: Checkpoint,
): Promise<Collected> {
  const account = deps.accounts.get(attempt.provider);
  const done = new Set(job.images.map((image) => image.index));
  const spooled = reachable.spooled.filter(({ index }) => !done.has(index));
  const links = reachable.urls.filter(({ index }) => !done.has(index)).sort((a, b) => a.expires_at - b.expires_at);
  const whole = reachable.spooled.length === checkpoint.spooled.length;
  const last = whole && spooled.length + links.length === 1 ? attempt.number : null;

  const store = async (image: SpooledImage, worker: string): Promise<Result> => {
    const result = await storeImage(deps, job, attempt, account, image, worker);
    if ('key' in result) await deps.ledger.recordImage(job.id, result, last);
    return result;
  };
  const places = new Places(deps, job, attempt, checkpoint);
  const results = await all([
    ...spooled.map(async (image) => store(image, checkpoint.worker)),
    ...links.map(async (link): Promise<Result> => {
      const key = attemptKey(job.id, attempt.generation, attempt.number);
      const copy = await (link.task_picture === undefined ? copyResult : awaitTask)(deps, key, account, link);
      if (!('file' in copy)) return copy;
      await places.copied(copy);
      return store(copy, deps.worker);
    }),
  ]);
  const images = results.filter((result) => 'key' in result);
  if (whole && (last === null || images.length === 0)) await deps.ledger.checkpoint(job.id, attempt.number, null);
  return { images, error: missing(results, job.request.prompt) };
}

type Result = StoredImage | NotAPicture | Expired;

/** Waits for every one of them, whatever becomes of the others: each is paid. */
async function all(work: readonly Promise<Result>[]): Promise<Result[]> {
  const settled = await Promise.allSettled(work);
  const failure = settled.find((one) => one.status === 'rejected');
  if (failure) throw failure.reason;
  return settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
}

/** The checkpoint of an attempt while its links are copied. */
class Places {
  readonly #deps: WorkerDeps;
  readonly #job: Job;
  readonly #attempt: Attempt;
  #checkpoint: Checkpoint;

  constructor(deps: WorkerDeps, job: Job, attempt: Attempt, checkpoint: Checkpoint) {
    this.#deps = deps;
    this.#job = job;
    this.#attempt = attempt;
    this.#checkpoint = checkpoint;
  }

  /** The link is no longer needed: the picture lies on this disk. */
  async copied(image: SpooledImage): Promise<void> {
    const { worker, spooled, urls } = this.#checkpoint;
    await this.#deps.spool.sync([image.file]);
    // A checkpoint names one folder: files of another worker's are stored from there, and come first.
    if (spooled.length > 0 && worker !== this.#deps.worker) return;
    this.#checkpoint = {
      worker: this.#deps.worker,
      spooled: [...this.#checkpoint.spooled, image],
      urls: urls.filter(({ index }) => index !== image.index),
    };
    await this.#deps.ledger.checkpoint(this.#job.id, this.#attempt.number, this.#checkpoint);
  }
}

function missing(results: readonly Result[], prompt: string | null): ErrorBody | null {
  const expired = results.find((result): result is Expired => 'expired' in result);
  if (expired) {
    return errorBodyOf(
      'result_url_expired',
      `The picture was paid, and its link died before it could be copied: ${expired.detail}.`,
    );
  }
  const bad = results.find((result): result is NotAPicture => 'detail' in result);
  if (!bad) return null;
  const message = `What the provider sent is not a picture: ${bad.detail}.`;
  return errorBodyOf('bad_provider_response', withoutPrompt(message, prompt));
}

/** What a job fails with when the store refuses what was paid for; the results stay in the spool for a retry. */
export function storageFailure(error: StorageError): ErrorBody {
  return errorBodyOf(
    'storage_denied',
    `${error.message}. The paid pictures are kept: mend the access, then retry the job.`,
  );
}
