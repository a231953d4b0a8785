import { filePurposes, isExpired, type FilePurpose, type FileRecord } from '@rendermill/shared/domain/files';
import type { RecoveryDeps } from './deps.js';
import type { Summary } from './summary.js';

/** A file that a user uploaded: what its metadata says. */
export async function restoreUpload(deps: RecoveryDeps, summary: Summary, key: string): Promise<void> {
  const facts = await deps.storage.head(key);
  if (!facts) return;
  const { metadata, bytes } = facts;
  const purpose = filePurposes.find((one) => one === metadata['purpose']);
  const created = Number(metadata['created-at']);
  const [project = '', , id = ''] = key.split('/');
  if (!purpose || metadata['file'] !== id || !Number.isFinite(created))
    throw new Error('its metadata does not say which file it is');
  const ends = metadata['expires-at'];
  await restore(deps, summary, {
    id,
    project,
    key,
    bytes,
    filename: decodeURIComponent(metadata['filename'] ?? ''),
    purpose: purpose satisfies FilePurpose,
    created_at: created,
    expires_at: ends === undefined ? null : Number(ends),
  });
}

/** The output and error files of a batch, as it wrote them down. */
export async function restoreOutputs(
  deps: RecoveryDeps,
  summary: Summary,
  files: readonly FileRecord[],
): Promise<void> {
  for (const file of files) if (await deps.storage.head(file.key)) await restore(deps, summary, file);
}

async function restore(deps: RecoveryDeps, summary: Summary, file: FileRecord): Promise<void> {
  if (isExpired(file, Date.now())) summary.files.expired++;
  else if (await deps.store.has('file', file.id)) summary.files.kept++;
  else {
    await deps.files.save(file);
    summary.files.restored++;
  }
}
