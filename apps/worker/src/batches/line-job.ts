import { createHash } from 'node:crypto';
import { maxInputBytes } from '@rendermill/shared/adapters/images/check-input';
import type { NewJob } from '@rendermill/shared/adapters/redis/job-store';
import { lineJobId, type Batch, type LineRecord } from '@rendermill/shared/domain/batch';
import { orderOf, readLine, type Line } from '@rendermill/shared/domain/batch-line';
import { errorBody, RendermillError, type ErrorBody } from '@rendermill/shared/domain/errors';
import { expectedCost } from '@rendermill/shared/domain/estimates';
import { isFileId, sha256 } from '@rendermill/shared/domain/ids';
import type { JobSpec } from '@rendermill/shared/domain/job';
import type { ImageReference, JobInput } from '@rendermill/shared/domain/job-request';
import { batchKey } from '@rendermill/shared/domain/object-keys';
import { planJob } from '@rendermill/shared/domain/plan';
import { route } from '@rendermill/shared/domain/routing-class';
import { Base64Error, bytesOfBase64 } from '@rendermill/shared/streams/base64-decoder';
import type { WorkerDeps } from '../deps.js';
import { keepStoring } from '../use-cases/keep-storing.js';
import type { NextLine } from './line-reader.js';

/** What a line is made into a job with. */
export type LineDeps = Pick<WorkerDeps, 'accounts' | 'prefer' | 'log' | 'random' | 'interrupted'> & {
  readonly files: Pick<WorkerDeps['files'], 'get'>;
  readonly storage: Pick<WorkerDeps['storage'], 'put'>;
};

/** A line that can be a job, or the record of one that cannot. */
export type MadeLine = { readonly job: NewJob } | { readonly record: LineRecord };

/** Makes a job of a line: by the same schema, model table and routing as a job that comes alone. */
export async function makeLine(deps: LineDeps, batch: Batch, next: NextLine): Promise<MadeLine> {
  const line = readLine(next.text, batch.endpoint, batch.source.kind === 'csv');
  if ('code' in line) throw new Error(`line ${next.line} of ${batch.id} was valid: ${line.message}`);
  const order = orderOf(line);
  if ('message' in order) return { record: refused(batch, next.line, line, false, order) };
  try {
    return { job: await jobOf(deps, batch, next.line, line, order) };
  } catch (error) {
    if (!(error instanceof RendermillError)) throw error;
    return { record: refused(batch, next.line, line, order.b64, errorBody(error)) };
  }
}

/** What stands in the error file for a line that never was a job. */
function refused(batch: Batch, number: number, line: Line, b64: boolean, error: ErrorBody): LineRecord {
  return {
    line: number,
    custom_id: line.custom_id,
    generation: batch.generation,
    url: line.url,
    b64,
    status: 'failed',
    ended_at: Date.now(),
    job: null,
    error,
  };
}

async function jobOf(
  deps: LineDeps,
  batch: Batch,
  number: number,
  line: Line,
  { job, b64 }: Exclude<ReturnType<typeof orderOf>, ErrorBody>,
): Promise<NewJob> {
  const accounts = [...deps.accounts.values()];
  const { request, images, model } = planJob(accounts, batch.mode, job);
  // Prices of what is not fetched yet are told by the prepare stage, which routes again.
  const wanted = { model, type: job.type, request, inputs: images.map(() => unknown) };
  const routed = { ...wanted, mode: batch.mode, provider: job.provider ?? null, mask: job.mask ?? null };
  const { eligible, routing } = route(accounts, routed, deps.prefer);
  const estimate = expectedCost(eligible, wanted, batch.max_cost === null ? null : 'the batch has a max_cost');
  const name = (i: number): string => (images.length > 1 ? `images.${i}` : 'image');
  const inputs = await Promise.all(
    images.map(async (image, i) => inputOf(deps, batch, image, `${number}-${i}`, name(i))),
  );
  const mask = job.mask ? await inputOf(deps, batch, job.mask, `${number}-mask`, 'mask') : null;
  const spec: JobSpec = {
    id: lineJobId(batch.id, number),
    project: batch.project,
    created_at: Date.now(),
    key_id: batch.key_id,
    mode: batch.mode,
    type: job.type,
    model,
    batch_id: batch.id,
    line: { number, url: line.url, b64 },
    custom_id: line.custom_id,
    metadata: job.metadata ?? {},
    priority: batch.priority,
    provider: job.provider ?? null,
    request,
    request_hash: sha256(JSON.stringify([job.type, model, request, [...inputs, mask].map(identity)])),
    webhook_url: null,
    on_unknown_outcome: batch.on_unknown_outcome,
    deadline: batch.deadline,
    estimate,
    request_id: batch.request_id,
    ...(batch.trace === undefined ? {} : { trace: batch.trace }),
  };
  return { spec, routing, stage: inputs.length > 0 ? 'prepare' : 'ready', inputs, mask };
}

const identity = (input: JobInput | null): string | null => input && (input.url ?? input.sha256 ?? input.key);

const unknown = { url: null, key: null, sha256: null, bytes: null, content_type: null, width: null, height: null };

/** An input as the line names it; the prepare stage fetches it, checks it in full, and gives the job a copy of its own. */
async function inputOf(
  deps: LineDeps,
  batch: Batch,
  reference: ImageReference,
  name: string,
  param: string,
): Promise<JobInput> {
  if ('file_id' in reference) {
    const { file_id: id } = reference;
    const file = isFileId(id) ? await deps.files.get(batch.project, id) : null;
    if (!file) throw new RendermillError('image_file_not_found', `${param}: there is no file '${id}'.`, { param });
    return { ...unknown, key: file.key };
  }
  const { image_url: url } = reference;
  if (!url.startsWith('data:')) return { ...unknown, url };
  const bytes = bytesOfDataUrl(url, param);
  if (bytes.length > maxInputBytes) {
    const message = `${param}: an input image has at most ${maxInputBytes / 1024 ** 2} MB.`;
    throw new RendermillError('image_too_large', message, { param });
  }
  const key = batchKey(batch, `inputs/raw-${name}`);
  await keepStoring(deps, key, async () => deps.storage.put(key, bytes, 'application/octet-stream'));
  return { ...unknown, key, sha256: createHash('sha256').update(bytes).digest('hex') };
}

function bytesOfDataUrl(url: string, param: string): Buffer {
  const head = /^data:image\/[a-z+.-]+;base64,/i.exec(url)?.[0];
  if (head === undefined || url.length === head.length) {
    const message = `${param}: a data URL is written as data:image/png;base64,…`;
    throw new RendermillError('invalid_image', message, { param });
  }
  try {
    return bytesOfBase64(url.slice(head.length));
  } catch (error) {
    if (!(error instanceof Base64Error)) throw error;
    const message = `${param}: the data URL is not valid base64: ${error.message}.`;
    throw new RendermillError('invalid_image', message, { param, cause: error });
  }
}
