import type { FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { StorageError, type FileFacts, type ObjectFacts } from '../../ports/storage.js';
import { checkFile, checkLength, openLocalFile } from './local-file.js';
import type { S3Place } from './s3-client.js';
import { failureOf, isDamaged, s3Error } from './s3-errors.js';
import { retryWait, tries } from './s3-retries.js';
import { sourceErrorOf } from './source-error.js';

/** No further try after this, so that four time-outs of the slow kind do not add up. For each {@link usualBytes}. */
const patienceMs = 60_000;

/** What time-outs are meant for. A larger file goes in one request too, since not every server makes the last request
 * of an upload in parts conditional (Ceph 16 does not); it gets so much more time. */
const usualBytes = 64 * 1_024 * 1_024;

export interface Upload {
  readonly key: string;
  readonly file: string;
  /** What is in the file, where it is in memory. */
  readonly bytes: Buffer | null;
  readonly facts: FileFacts;
  readonly metadata: Readonly<Record<string, string>>;
}

/** {@link Storage.putOnce} as one conditional PutObject. The SDK cannot send a stream twice, so the tries are ours. */
export async function putOnce(
  s3: S3Place,
  upload: Upload,
  head: () => Promise<ObjectFacts | null>,
): Promise<'stored' | 'exists'> {
  const began = performance.now();
  const size = sizeFactor(upload.facts);
  let maybeStored = false;
  for (let attempt = 0; ; attempt++) {
    try {
      await (upload.bytes ? sendBytes(s3, upload, upload.bytes) : sendFile(s3, upload));
      return 'stored';
    } catch (error) {
      const { status } = failureOf(error);
      if (status === 412) {
        // Our own object, where an earlier try of this call was carried out and its answer got lost.
        return maybeStored && isOurs(await head(), upload) ? 'stored' : 'exists';
      }
      // Either the file is wrong, which throws, or its bytes were damaged on the way and may be sent again.
      if (isDamaged(error)) await checkFile(upload.file, upload.facts);
      const failure = s3Error(s3.place, `store ${upload.key}`, error);
      const mayHelp = failure instanceof StorageError && failure.fault === 'unavailable';
      if (!mayHelp || attempt + 1 === tries || performance.now() - began > patienceMs * size) throw failure;
      // 4xx: refused before anything was written; 409 is another writer of the same key who has not finished.
      maybeStored ||= status === null || status >= 500;
    }
    await sleep(retryWait(attempt));
  }
}

async function sendBytes(s3: S3Place, upload: Upload, bytes: Buffer): Promise<void> {
  if (bytes.length !== upload.facts.bytes)
    throw new StorageError('mismatch', `there are ${bytes.length} bytes to be stored, not ${upload.facts.bytes}`);
  await s3.client.send(putCommand(s3, upload, bytes));
}

async function sendFile(s3: S3Place, upload: Upload): Promise<void> {
  const handle = await openLocalFile(upload.file);
  try {
    await checkLength(handle, upload.facts);
    await sendOpenFile(s3, upload, handle);
  } finally {
    await handle.close();
  }
}

async function sendOpenFile(s3: S3Place, upload: Upload, handle: FileHandle): Promise<void> {
  const { bytes } = upload.facts;
  const body = handle.createReadStream({ start: 0, end: Math.max(0, bytes - 1), highWaterMark: 256 * 1_024 });
  const aborter = new AbortController();
  // Nobody else listens: without this a file that fails to be read would end the process.
  body.on('error', () => aborter.abort());
  try {
    await s3.client.send(putCommand(s3, upload, body), {
      abortSignal: aborter.signal,
      requestTimeout: s3.timeouts.upload * sizeFactor(upload.facts),
    });
  } catch (error) {
    throw sourceErrorOf(body) ?? error;
  } finally {
    // A server that refuses does not wait for the body. The connection then hangs in mid-request and must go.
    if (!body.readableEnded) aborter.abort();
    body.destroy();
  }
}

function sizeFactor({ bytes }: FileFacts): number {
  return Math.max(1, bytes / usualBytes);
}

function putCommand(s3: S3Place, { key, facts, metadata }: Upload, body: Buffer | Readable): PutObjectCommand {
  const command = new PutObjectCommand({
    Bucket: s3.bucket,
    Key: s3.base + key,
    Body: body,
    ContentLength: facts.bytes,
    ContentType: facts.contentType,
    ChecksumSHA256: Buffer.from(facts.sha256, 'hex').toString('base64'),
    Metadata: { ...metadata },
    IfNoneMatch: '*',
  });
  // For a stream the SDK signs "UNSIGNED-PAYLOAD", and the server would take whatever arrives. Given the true hash it
  // refuses damaged bytes, even where it does not know ChecksumSHA256; and nothing is hashed twice.
  command.middlewareStack.add(
    (next) => (args) => {
      setHeader(args.request, 'x-amz-content-sha256', facts.sha256);
      return next(args);
    },
    { name: 'signPayloadHash', step: 'build' },
  );
  return command;
}

function setHeader(request: unknown, name: string, value: string): void {
  if (typeof request !== 'object' || request === null || !('headers' in request)) throw new TypeError('not a request');
  request.headers = { ...Object(request.headers), [name]: value };
}

function isOurs(found: ObjectFacts | null, { facts, metadata }: Upload): boolean {
  if (found?.bytes !== facts.bytes) return false;
  // All of it: another writer may have stored the same picture for another job.
  return Object.entries(metadata).every(([name, value]) => found.metadata[name] === value);
}
