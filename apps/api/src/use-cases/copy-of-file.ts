import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { maxInputBytes } from '@rendermill/shared/adapters/images/check-input';
import { RendermillError } from '@rendermill/shared/domain/errors';
import { isFileId } from '@rendermill/shared/domain/ids';
import type { ApiDeps } from '../deps.js';
import type { UploadedFile } from '../http/receive-body.js';

/**
 * An input image that is named by `file_id`: a local copy, which goes the way of an upload from here. The job gets its
 * own copy of what is checked, so that the file may be deleted as soon as the job is taken.
 */
export async function copyOfFile(
  deps: Pick<ApiDeps, 'files' | 'fileStore' | 'uploads'>,
  project: string,
  folder: string,
  id: string,
  param: string,
): Promise<UploadedFile> {
  const file = isFileId(id) ? await deps.fileStore.get(project, id) : null;
  if (!file) gone(id, param);
  if (file.bytes > maxInputBytes) {
    throw new RendermillError(
      'image_too_large',
      `${param}: the file '${id}' has ${file.bytes} bytes; an input image has at most ${maxInputBytes / 1024 ** 2} MB.`,
      { param },
    );
  }
  const path = join(folder, randomBytes(12).toString('hex'));
  const copy = await deps.uploads(async () => deps.files.copyTo(file, path));
  return copy ? { ...copy, field: param } : gone(id, param);
}

function gone(id: string, param: string): never {
  const message = `${param}: there is no file '${id}'; it may have expired or been deleted: upload it again to /v1/files.`;
  throw new RendermillError('image_file_not_found', message, { param });
}
