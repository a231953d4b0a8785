/**
 * Where things lie in the bucket, all under `{prefix}/{project}/`. Built from server-made parts only; nothing a
 * user wrote becomes part of a key.
 */

const extensions: Record<string, string> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/webp': 'webp',
  'image/gif': 'gif',
  'image/svg+xml': 'svg',
};

/** The file ending of a content type that we store. */
export function extensionOf(contentType: string): string {
  const extension = extensions[contentType];
  if (!extension) throw new Error(`no extension for content type ${contentType}`);
  return extension;
}

/** `{project}/jobs/{yyyy}/{mm}/{dd}/{job}`: the UTC day of creation keeps a folder listing short. */
export function jobFolder(project: string, jobId: string, createdAt: number): string {
  const day = new Date(createdAt).toISOString().slice(0, 10).replaceAll('-', '/');
  return `${project}/jobs/${day}/${jobId}`;
}

interface JobPlace {
  readonly id: string;
  readonly project: string;
  readonly created_at: number;
  readonly batch_id?: string | null;
  readonly line?: { readonly number: number };
}

/** `{project}/batches/{batch}` */
export function batchFolder(project: string, batchId: string): string {
  return `${project}/batches/${batchId}`;
}

/** Seven digits: a million lines stand in their order. */
const lineName = (line: number): string => String(line).padStart(7, '0');

/** Where a batch's own objects lie: `batch.json`, `input.jsonl`, `parts/…`, `output.jsonl` and so on. */
export function batchKey(batch: Pick<JobPlace, 'id' | 'project'>, name: string): string {
  return `${batchFolder(batch.project, batch.id)}/${name}`;
}

function folderOf(job: JobPlace, what: 'images' | 'inputs'): string {
  if (job.line && job.batch_id) return `${batchFolder(job.project, job.batch_id)}/${what}/${lineName(job.line.number)}`;
  const folder = jobFolder(job.project, job.id, job.created_at);
  return what === 'images' ? folder : `${folder}/${what}`;
}

export function imageKey(job: JobPlace, index: number, contentType: string): string {
  return `${folderOf(job, 'images')}/${index}.${extensionOf(contentType)}`;
}

/** What every ending of one image index begins with: `{index}.`. */
export function imageKeyPrefix(job: JobPlace, index: number): string {
  return `${folderOf(job, 'images')}/${index}.`;
}

/** The small copy of a picture, beside it. Its name begins as no picture's does: see {@link imageKeyPrefix}. */
export function thumbnailKey(key: string): string {
  return key.replace(/\.[a-z]+$/, '-thumbnail.webp');
}

/** What every ending of one input begins with. */
export function inputKeyPrefix(job: JobPlace, name: number | 'mask'): string {
  return `${folderOf(job, 'inputs')}/${name}.`;
}

export function inputKey(job: JobPlace, name: number | 'mask', contentType: string): string {
  return `${folderOf(job, 'inputs')}/${name}.${extensionOf(contentType)}`;
}

export function recordKey(job: JobPlace): string {
  return `${jobFolder(job.project, job.id, job.created_at)}/job.json`;
}

/** What was found out about a provider account. Accounts belong to no project: no project's name begins so. */
export function profileKey(account: string): string {
  return `_accounts/${account}/profile.json`;
}

/** A picture that a probe sends. */
export function probeInputKey(account: string, probe: string, name: number | 'mask'): string {
  return `_accounts/${account}/probes/${probe}/${name}.png`;
}

/** True where an object is the project's, or of a provider account, which its probes send. */
export function mayRead(project: string, key: string): boolean {
  return key.startsWith(`${project}/`) || key.startsWith('_accounts/');
}

/** A file's name is its sender's and stands in its record; here it is its id. */
export function fileKey(project: string, fileId: string): string {
  return `${project}/files/${fileId}`;
}
