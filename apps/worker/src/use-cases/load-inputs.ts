import { createHash } from 'node:crypto';
import type { Job } from '@rendermill/shared/domain/job';
import type { JobInput } from '@rendermill/shared/domain/job-request';
import { StorageError } from '@rendermill/shared/ports/storage';
import type { WorkerDeps } from '../deps.js';
import type { LocalInput, LocalInputs } from '../providers/build-request.js';
import { keepStoring } from './keep-storing.js';

/** Brings a job's input images, checked and stored before, to this disk: a call must not wait for the store. */
export async function loadInputs(deps: WorkerDeps, job: Job): Promise<LocalInputs> {
  const images = await Promise.all(job.inputs.map(async (input, i) => load(deps, job, input, String(i))));
  return { images, mask: job.mask && (await load(deps, job, job.mask, 'mask')) };
}

/** Removes what {@link loadInputs} brought. */
export async function dropInputs(deps: WorkerDeps, job: Job): Promise<void> {
  if (job.inputs.length > 0) await deps.spool.discard(`${job.id}.run${job.run}-`);
}

async function load(deps: WorkerDeps, job: Job, input: JobInput, name: string): Promise<LocalInput> {
  const { key, sha256, content_type: contentType } = input;
  if (key === null || sha256 === null || contentType === null)
    throw new Error(`input ${name} of ${job.id} was never stored`);
  return keepStoring(deps, key, async () => {
    const object = await deps.storage.get(key);
    if (!object) throw new StorageError('denied', `input image ${key} is gone from the store`);
    const sink = await deps.spool.inputSink(`${job.id}.run${job.run}`, `${name}.${Date.now()}`);
    const hash = createHash('sha256');
    try {
      for await (const chunk of object.body) {
        hash.update(chunk as Buffer);
        await sink.write(chunk as Buffer);
      }
    } catch (error) {
      await sink.abort();
      throw error instanceof StorageError ? error : new StorageError('unavailable', `reading ${key} broke off`, error);
    }
    const { path, bytes } = await sink.end();
    if (hash.digest('hex') !== sha256) throw new StorageError('mismatch', `input image ${key} is not what was stored`);
    return { path, bytes, contentType };
  });
}
