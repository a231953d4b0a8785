import { z } from 'zod';

/** Files that users upload and batches write, as OpenAI's `/v1/files` has them. */

/** What a user may upload a file for; OpenAI's names. Here they say how large it may be and how long it stays. */
export const uploadPurposes = ['assistants', 'batch', 'fine-tune', 'vision', 'user_data', 'evals'] as const;
/** And those that only we give. */
export const filePurposes = [...uploadPurposes, 'batch_output'] as const;
export type FilePurpose = (typeof filePurposes)[number];

/** One file, as Redis keeps it and as its object's metadata tells it again. */
export interface FileRecord {
  readonly id: string;
  readonly project: string;
  /** Where its bytes lie in the store. */
  readonly key: string;
  readonly bytes: number;
  /** As its sender calls it; never part of a path. */
  readonly filename: string;
  readonly purpose: FilePurpose;
  /** Milliseconds since the epoch. */
  readonly created_at: number;
  /** Milliseconds since the epoch; null: it stays until it is deleted. */
  readonly expires_at: number | null;
}

export const maxBatchFileBytes = 2 * 1024 ** 3;
const maxFileBytes = 512 * 1024 ** 2;

export function maxBytesOf(purpose: string): number {
  return purpose === 'batch' ? maxBatchFileBytes : maxFileBytes;
}

/** A name in UTF-8: what fits, percent-encoded, beside the other metadata of an object. */
export const maxFilenameBytes = 255;

/** What comes beside the file; `expires_after` in brackets, as a form says it. */
export const fileFields = {
  purpose: z.enum(uploadPurposes).describe("What it is for. 'batch' may have 2 GB, others 512 MB."),
  'expires_after[anchor]': z.literal('created_at').optional(),
  'expires_after[seconds]': z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number of seconds')
    .transform(Number)
    .pipe(z.number().min(3_600).max(2_592_000))
    .optional()
    .describe("3600 to 2592000. By default files of purpose 'batch' stay for 30 days, others until they are deleted."),
} as const;

export const createFileSchema = z.strictObject(fileFields).superRefine((fields, context) => {
  if (fields['expires_after[anchor]'] !== undefined && fields['expires_after[seconds]'] === undefined) {
    const message = 'say after how many seconds';
    context.addIssue({ code: 'custom', path: ['expires_after[seconds]'], message });
  }
});

const thirtyDaysMs = 30 * 86_400_000;

/** When a new file ends, in milliseconds since the epoch. */
export function expiryOf(purpose: FilePurpose, seconds: number | undefined, createdAt: number): number | null {
  if (seconds !== undefined) return createdAt + seconds * 1_000;
  return purpose === 'batch' ? createdAt + thirtyDaysMs : null;
}

/** An expired file is as good as deleted, whether the sweep has come by or not. */
export function isExpired(file: Pick<FileRecord, 'expires_at'>, now: number): boolean {
  return file.expires_at !== null && file.expires_at <= now;
}

/** What stands on the object, so that the bucket alone tells what its files are. */
export function fileMetadata(file: Omit<FileRecord, 'key' | 'bytes'>): Record<string, string> {
  return {
    project: file.project,
    file: file.id,
    purpose: file.purpose,
    filename: encodeURIComponent(file.filename),
    'created-at': String(file.created_at),
    ...(file.expires_at === null ? {} : { 'expires-at': String(file.expires_at) }),
  };
}

const seconds = (ms: number): number => Math.floor(ms / 1_000);

/** OpenAI's FileObject. Nothing has to be done with a file before it can be used. */
export function presentFile(file: FileRecord) {
  return {
    id: file.id,
    object: 'file' as const,
    bytes: file.bytes,
    created_at: seconds(file.created_at),
    expires_at: file.expires_at === null ? null : seconds(file.expires_at),
    filename: file.filename,
    purpose: file.purpose,
    status: 'processed' as const,
    status_details: null,
  };
}
