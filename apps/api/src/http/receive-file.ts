import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { z } from 'zod';
import { RendermillError } from '@rendermill/shared/domain/errors';
import {
  createFileSchema,
  maxBatchFileBytes,
  maxBytesOf,
  maxFilenameBytes,
  uploadPurposes,
} from '@rendermill/shared/domain/files';
import { sha256 } from '@rendermill/shared/domain/ids';
import { parseBody } from '@rendermill/shared/domain/request-body';
import { isPrintable } from '@rendermill/shared/domain/text';
import { FileSink, type WrittenFile } from '@rendermill/shared/streams/file-sink';
import { isForm, piecesOf, readForm } from './read-form.js';

/** The form of `POST /v1/files`, read once: fields before or after the file, which goes to disk as it comes. */

export interface ReceivedFile {
  readonly fields: z.output<typeof createFileSchema>;
  readonly file: WrittenFile;
  readonly filename: string;
  /** sha256 of what was asked for, whatever the order and the boundary of its parts. */
  readonly fingerprint: string;
}

export async function receiveFile(request: IncomingMessage, folder: string): Promise<ReceivedFile> {
  if (!isForm(request))
    throw new RendermillError('unsupported_media_type', 'Send a form: Content-Type: multipart/form-data.');
  const fields = new Map<string, string>();
  const uploads: { readonly filename: string; readonly written: Promise<WrittenFile> }[] = [];
  const limits = {
    fileSize: maxBatchFileBytes + 1,
    files: 2,
    fields: 10,
    fieldSize: 1_000,
    parts: 12,
    headerPairs: 50,
  };
  await readForm(request, limits, {
    field: (name, value) => {
      if (fields.has(name)) throw new RendermillError('duplicate_field', `${name} is there twice.`, { param: name });
      fields.set(name, value);
    },
    file: (name, stream, fileName: string | undefined) => {
      if (name !== 'file')
        throw new RendermillError('unknown_field', `There is no file field ${name}: send file.`, { param: name });
      if (uploads.length > 0) throw new RendermillError('missing_file', 'Send one file at a time.', { param: 'file' });
      // The purpose sets the limit; one that comes after the file is held against it then.
      const limit = (): number => maxBytesOf(fields.get('purpose') ?? 'batch');
      const filename = checkName(fileName ?? 'file');
      const written = writeFile(folder, stream, limit);
      uploads.push({ filename, written });
      return written;
    },
  });
  const { filename, written } = uploads[0] ?? missing(fields.has('file'));
  checkPurpose(fields.get('purpose'));
  const parsed = parseBody(createFileSchema, Object.fromEntries(fields));
  const file = await written;
  if (file.bytes > maxBytesOf(parsed.purpose)) tooLarge(maxBytesOf(parsed.purpose));
  if (file.bytes === 0) throw new RendermillError('empty_file', 'file: it is empty.', { param: 'file' });
  return { fields: parsed, file, filename, fingerprint: sha256(JSON.stringify([parsed, filename, file.sha256])) };
}

function missing(isText: boolean): never {
  const message = isText
    ? 'file: send it as a file, with a filename, not as text.'
    : 'Send the file to upload as file.';
  throw new RendermillError('missing_file', message, { param: 'file' });
}

function checkPurpose(purpose: string | undefined): void {
  if (uploadPurposes.some((known) => known === purpose)) return;
  const message = `purpose: say what the file is for: ${uploadPurposes.join(', ')}.`;
  throw new RendermillError('invalid_purpose', message, { param: 'purpose' });
}

function tooLarge(limit: number): never {
  const more = limit === maxBatchFileBytes ? '' : ", or 2048 MB with purpose 'batch'";
  throw new RendermillError('file_too_large', `file: a file has at most ${limit / 1024 ** 2} MB${more}.`, {
    param: 'file',
  });
}

function checkName(name: string): string {
  if (name === '') return 'file';
  if (Buffer.byteLength(name) > maxFilenameBytes || !isPrintable(name)) {
    throw new RendermillError(
      'invalid_parameter',
      `file: its name must be text on one line of at most ${maxFilenameBytes} bytes.`,
      { param: 'file' },
    );
  }
  return name;
}

async function writeFile(folder: string, stream: Readable, limit: () => number): Promise<WrittenFile> {
  const sink = await FileSink.open(join(folder, 'file'));
  let bytes = 0;
  try {
    for await (const chunk of piecesOf(stream)) {
      bytes += chunk.length;
      if (bytes > limit()) tooLarge(limit());
      await sink.write(chunk);
    }
  } catch (error) {
    await sink.abort();
    throw error;
  }
  return sink.end();
}
