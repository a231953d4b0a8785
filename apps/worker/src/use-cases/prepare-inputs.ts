import { createReadStream } from 'node:fs';
import { download } from '@rendermill/shared/adapters/http/download';
import { OutboundError, type BlockReason } from '@rendermill/shared/adapters/http/outbound';
import { maxInputBytes } from '@rendermill/shared/adapters/images/check-input';
import { ingestImage, ingestMask, type IngestedImage } from '@rendermill/shared/adapters/images/ingest';
import type { LedgerJob } from '@rendermill/shared/adapters/redis/job-codec';
import { errorBody, RendermillError, type ErrorCode } from '@rendermill/shared/domain/errors';
import { inputKey } from '@rendermill/shared/domain/object-keys';
import type { JobInput } from '@rendermill/shared/domain/job-request';
import type { Outcome } from '@rendermill/shared/domain/outcome';
import { StorageError } from '@rendermill/shared/ports/storage';
import { Interrupted, type WorkerDeps } from '../deps.js';
import { storageFailure } from './collect-results.js';
import { cancelled, expired, failed } from './job-ends.js';
import { keepStoring } from './keep-storing.js';
import { readToSpool } from './load-inputs.js';
import { hostOf } from './places.js';

/**
 * Fetches a job's input images, checks them in full and stores them: without a permit, and before anything is paid.
 * Where the network fails the job fails, with the code that tells its sender which URL to mend.
 */
export async function prepareInputs(deps: WorkerDeps, job: LedgerJob): Promise<Outcome> {
  const prefix = `${job.id}.prepare${job.fence}`;
  try {
    if (job.cancel_requested) return cancelled(job);
    if (job.deadline !== null && Date.now() >= job.deadline * 1_000) return expired(job);
    const inputs = await Promise.all(job.inputs.map(async (input, i) => fetchInput(deps, job, input, i, prefix)));
    const mask = job.mask && (await fetchMask(deps, job, job.mask, inputs[0], prefix));
    return { kind: 'forward', to: { inputs, mask } };
  } catch (thrown) {
    if (thrown instanceof Interrupted) return { kind: 'skip', why: 'interrupted' };
    if (thrown instanceof RendermillError) return failed(job, errorBody(thrown));
    if (thrown instanceof StorageError) return failed(job, storageFailure(thrown));
    throw thrown;
  } finally {
    await deps.spool.discard(`${prefix}-`);
  }
}

async function fetchInput(
  deps: WorkerDeps,
  job: LedgerJob,
  input: JobInput,
  i: number,
  prefix: string,
): Promise<JobInput> {
  if (input.width !== null) return input;
  const param = job.inputs.length > 1 ? `images.${i}` : 'image';
  const path =
    input.url === null
      ? await reload(deps, job.project, input, prefix, String(i))
      : await fetchTo(deps, job.project, input.url, prefix, String(i), param);
  const image = await ingestImage(path, param, input.url);
  return keep(deps, job, image, i);
}

async function fetchMask(
  deps: WorkerDeps,
  job: LedgerJob,
  mask: JobInput,
  first: JobInput | undefined,
  prefix: string,
): Promise<JobInput> {
  if (!first?.width || !first.height) throw new Error(`job ${job.id} has a mask and no first image`);
  if (mask.width !== null) return mask;
  const path =
    mask.url !== null && mask.key === null
      ? await fetchTo(deps, job.project, mask.url, prefix, 'mask', 'mask')
      : await reload(deps, job.project, mask, prefix, 'mask');
  const image = await ingestMask(path, job.request.mask_from, { width: first.width, height: first.height }, mask.url);
  return keep(deps, job, image, 'mask');
}

async function fetchTo(
  deps: WorkerDeps,
  project: string,
  url: string,
  prefix: string,
  name: string,
  param: string,
): Promise<string> {
  try {
    const sink = async () => deps.spool.inputSink(prefix, name);
    const limits = { maxBytes: maxInputBytes, totalMs: 30_000, idleMs: 10_000, signal: deps.interrupted };
    const shares = [project, hostOf(url)];
    const { path } = await deps.inputFetches.run(shares, async () => download(deps.outbound, url, sink, limits));
    return path;
  } catch (error) {
    if (deps.interrupted.aborted) throw new Interrupted();
    if (error instanceof OutboundError) throw explain(error, param);
    throw error;
  }
}

/** What is stored and not checked: a mask beside a first image that is a URL; whatever a batch's line brought. */
async function reload(
  deps: WorkerDeps,
  project: string,
  { key }: JobInput,
  prefix: string,
  name: string,
): Promise<string> {
  if (key === null) throw new Error('an input is neither a URL nor stored');
  return (await readToSpool(deps, project, key, prefix, name)).path;
}

async function keep(deps: WorkerDeps, job: LedgerJob, image: IngestedImage, name: number | 'mask'): Promise<JobInput> {
  const key = inputKey(job, name, image.facts.content_type ?? '');
  await keepStoring(deps, key, async () =>
    deps.storage.put(key, createReadStream(image.path), image.facts.content_type ?? ''),
  );
  return { ...image.facts, key };
}

const codes: Record<BlockReason, ErrorCode> = {
  blocked: 'image_url_blocked',
  redirects: 'image_url_blocked',
  timeout: 'image_url_timeout',
  too_large: 'image_url_too_large',
  status: 'image_url_unreachable',
  encoding: 'image_url_unreachable',
  unreachable: 'image_url_unreachable',
};

/** What the sender may know: which of the URLs, and what is wrong with it; never what its server said. */
function explain(error: OutboundError, param: string): RendermillError {
  return new RendermillError(codes[error.reason], `${param}: the image URL cannot be used: ${error.message}.`, {
    param,
    cause: error,
  });
}
