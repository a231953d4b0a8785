import { lineJobId, type Batch, type LineRecord } from '@rendermill/shared/domain/batch';
import type { StoredImage } from '@rendermill/shared/domain/job';
import { presentJob, type PresentedJob } from '@rendermill/shared/domain/present-job';
import type { Settings } from '../deps.js';
import type { LineView } from '../use-cases/read-lines.js';
import { jobLinks, linker } from './links.js';

/** A line of a batch as a job object, and as a row of results. */

export function presentLine(settings: Settings, batch: Batch, view: LineView) {
  if (view.kind === 'job') return presentJob(view.job, jobLinks(settings, view.job));
  const { line } = view;
  if (view.kind === 'waiting') return { ...noJob(batch, line), custom_id: view.input?.custom_id ?? null };
  const { record } = view;
  const ended = record.job ? { ...noJob(batch, line), ...withLinks(settings, batch, record) } : noJob(batch, line);
  const { custom_id, status, error } = record;
  if (view.again) return { ...ended, custom_id, status: 'queued', completed_at: null, error: null };
  return { ...ended, custom_id, status, completed_at: seconds(record.ended_at), error };
}

/** The contract's job object of a line that is no job: not yet, or never. */
function noJob(batch: Batch, line: number) {
  return {
    id: lineJobId(batch.id, line),
    object: 'job',
    type: null,
    status: 'queued',
    model: null,
    batch_id: batch.id,
    line,
    custom_id: null as string | null,
    metadata: {},
    priority: batch.priority,
    generation: batch.generation,
    created_at: seconds(batch.created_at),
    started_at: null,
    completed_at: null as number | null,
    deadline: batch.deadline,
    request: null,
    images: [],
    usage: null,
    cost: { currency: 'USD', estimated: null, actual: null, basis: null },
    provider: null,
    paid_attempts: 0,
    attempts: [],
    error: null as LineRecord['error'],
  };
}

const seconds = (ms: number): number => Math.floor(ms / 1_000);

/** The job of a record, without what only the record is to tell. */
function withLinks(settings: Settings, batch: Batch, record: LineRecord) {
  const {
    project: _p,
    request_id: _i,
    request_hash: _h,
    effective: _e,
    ...job
  } = (record.job ?? {}) as Record<string, unknown>;
  const request = withInputLinks(settings, batch, record);
  return { ...job, ...(request ? { request } : {}), images: imagesOf(settings, batch, record), line: record.line };
}

/** Links to the pictures that went in: the record has none. */
function withInputLinks(settings: Settings, { project }: Batch, { job }: LineRecord) {
  const { id, request } = (job ?? {}) as Partial<PresentedJob>;
  if (!request?.images || id === undefined) return null;
  const { input } = jobLinks(settings, { id, project });
  const images = request.images.map((one, i) => (one.key === null ? one : { ...one, stored_url: input(i) }));
  return { ...request, images };
}

function imagesOf(settings: Settings, { project }: Batch, { job }: LineRecord) {
  const { id, images = [] } = (job ?? {}) as Partial<PresentedJob>;
  const link = linker(settings, { id: id ?? '', project });
  return images.map((image) => ({ ...image, ...link(image) }));
}

/** What `/results` tells of a line that has ended. */
export function resultRow(settings: Settings, batch: Batch, record: LineRecord) {
  const { cost, paid_attempts = 0 } = (record.job ?? {}) as Partial<PresentedJob>;
  return {
    line: record.line,
    custom_id: record.custom_id,
    status: record.status,
    job_id: lineJobId(batch.id, record.line),
    generation: record.generation,
    ended_at: seconds(record.ended_at),
    images: imagesOf(settings, batch, record).map(({ variants: _v, ...image }) => image),
    error: record.error && { code: record.error.code, message: record.error.message, param: record.error.param },
    cost: { currency: 'USD', actual: record.job === null ? 0 : (cost?.actual ?? null), paid_attempts },
  };
}

/** The line's pictures as they lie in the store. */
export function storedImages({ job }: LineRecord): readonly StoredImage[] {
  return ((job ?? {}) as Partial<PresentedJob>).images ?? [];
}
