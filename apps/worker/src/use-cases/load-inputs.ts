import type { Job } from '@rendermill/shared/domain/job';
import type { JobInput } from '@rendermill/shared/domain/job-request';
import { mayRead } from '@rendermill/shared/domain/object-keys';
import { StorageError } from '@rendermill/shared/ports/storage';
import type { WrittenFile } from '@rendermill/shared/streams/file-sink';
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
  const file = await readToSpool(deps, job.project, key, `${job.id}.run${job.run}`, name);
  if (file.sha256 !== sha256) throw new StorageError('mismatch', `input image ${key} is not what was stored`);
  return { path: file.path, bytes: file.bytes, contentType };
}

/** Copies an input image from the store to this disk, waiting for a store that does not answer. */
export async function readToSpool(
  deps: WorkerDeps,
  project: string,
  key: string,
  prefix: string,
  name: string,
): Promise<WrittenFile> {
  // Asked for again where it is read: no job gets another project's pictures, whatever its record says.
  if (!mayRead(project, key)) throw new StorageError('denied', `${key} is not of the project ${project}`);
  return keepStoring(deps, key, async () => {
    const object = await deps.storage.get(key);
    if (!object) throw new StorageError('denied', `input image ${key} is gone from the store`);
    const sink = await deps.spool.inputSink(prefix, `${name}.${Date.now()}`);
    try {
      for await (const chunk of object.body) await sink.write(chunk as Buffer);
    } catch (error) {
      await sink.abort();
      throw error instanceof StorageError ? error : new StorageError('unavailable', `reading ${key} broke off`, error);
    }
    return sink.end();
  });
}
