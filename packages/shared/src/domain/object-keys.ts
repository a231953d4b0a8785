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
}

export function imageKey(job: JobPlace, index: number, contentType: string): string {
  return `${jobFolder(job.project, job.id, job.created_at)}/${index}.${extensionOf(contentType)}`;
}

/** What every ending of one image index begins with: `{index}.`. */
export function imageKeyPrefix(job: JobPlace, index: number): string {
  return `${jobFolder(job.project, job.id, job.created_at)}/${index}.`;
}

export function inputKey(job: JobPlace, name: number | 'mask', contentType: string): string {
  return `${jobFolder(job.project, job.id, job.created_at)}/inputs/${name}.${extensionOf(contentType)}`;
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
