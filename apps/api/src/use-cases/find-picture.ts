import { lineJobId, lineOfJob } from '@rendermill/shared/domain/batch';
import { isId } from '@rendermill/shared/domain/ids';
import type { Job } from '@rendermill/shared/domain/job';
import { imageKeyPrefix, inputKeyPrefix } from '@rendermill/shared/domain/object-keys';
import type { ApiDeps } from '../deps.js';

/** What is needed of a stored picture to serve it. */
export interface StoredPicture {
  readonly key: string;
  readonly content_type: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Whose it is, where that job is in the ledger, and among how many. */
  readonly of?: { readonly custom_id: string | null; readonly count: number };
}

type Deps = Pick<ApiDeps, 'jobs' | 'storage'>;

/** A job's result by its index, or null where the project has none such. */
export async function findImage(deps: Deps, project: string, id: string, index: string): Promise<StoredPicture | null> {
  if (!/^\d{1,3}$/.test(index)) return null;
  const inLedger = ({ images, custom_id }: Job): StoredPicture | null => {
    const image = images.find((one) => one.index === Number(index));
    return image ? { ...image, of: { custom_id, count: images.length } } : null;
  };
  return find(deps, project, id, inLedger, (place) => imageKeyPrefix(place, Number(index)));
}

/** A picture that went into a job, by its place, or its `mask`. */
export async function findInput(deps: Deps, project: string, id: string, name: string): Promise<StoredPicture | null> {
  if (name !== 'mask' && !/^\d{1,2}$/.test(name)) return null;
  const which = name === 'mask' ? name : Number(name);
  const inLedger = ({ inputs, mask }: Job): StoredPicture | null => {
    const input = which === 'mask' ? mask : inputs[which];
    if (!input || input.key === null || input.content_type === null || input.bytes === null) return null;
    return { key: input.key, content_type: input.content_type, bytes: input.bytes, sha256: input.sha256 ?? '' };
  };
  return find(deps, project, id, inLedger, (place) => inputKeyPrefix(place, which));
}

/** A picture of a batch's line outlives its job in the ledger: it is where it was put. */
async function find(
  deps: Deps,
  project: string,
  id: string,
  inLedger: (job: Job) => StoredPicture | null,
  prefix: (place: Parameters<typeof imageKeyPrefix>[0]) => string,
): Promise<StoredPicture | null> {
  const line = lineOfJob(id);
  if (!line && !isId('job', id)) return null;
  const job = await deps.jobs.get(project, id);
  const found = job && inLedger(job);
  if (found || !line) return found;
  const { batch, line: number } = line;
  const place = { id: lineJobId(batch, number), project, created_at: 0, batch_id: batch, line: { number } };
  for await (const { key } of deps.storage.list(prefix(place))) {
    const facts = await deps.storage.head(key);
    if (facts)
      return { key, content_type: facts.contentType, bytes: facts.bytes, sha256: facts.metadata['sha256'] ?? '' };
  }
  return null;
}
