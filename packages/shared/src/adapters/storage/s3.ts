import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import pLimit from 'p-limit';
import { PassThrough, Readable } from 'node:stream';
import type { FileFacts, ObjectFacts, ReadObject, Storage } from '../../ports/storage.js';
import {
  checkContentType,
  checkFacts,
  checkKey,
  checkPrefix,
  checkRange,
  isReserved,
  reserved,
  type ByteRange,
} from './checks.js';
import { contentTypeOf } from './content-types.js';
import { attachmentAs, inlineAs } from './disposition.js';
import { connectS3, parallelUploads, type S3Options, type S3Place } from './s3-client.js';
import { ensureBucket } from './s3-bucket.js';
import { failureOf, s3Error } from './s3-errors.js';
import { putOnce } from './s3-put-once.js';
import { sourceErrorOf } from './source-error.js';

/** A week: the longest that a signature of version 4 is good for. */
const maxLinkSeconds = 604_800;

/** A bucket at AWS or at any server with conditional writes. */
export async function openS3Storage(options: S3Options): Promise<Storage> {
  const s3 = connectS3(options);
  try {
    await ensureBucket(s3, options);
    return new S3Storage(s3);
  } catch (error) {
    s3.client.destroy();
    throw s3Error(s3.place, 'open the bucket', error);
  }
}

class S3Storage implements Storage {
  readonly place: string;
  readonly #s3: S3Place;
  readonly #uploads = pLimit(parallelUploads);

  constructor(s3: S3Place) {
    this.#s3 = s3;
    this.place = s3.place;
  }

  async putOnce(
    key: string,
    file: string,
    facts: FileFacts,
    bytes: Buffer | null = null,
  ): Promise<'stored' | 'exists'> {
    checkKey(key);
    const upload = { key, file, bytes, facts, metadata: checkFacts(facts) };
    return this.#explained(`store ${key}`, () => this.#uploads(() => putOnce(this.#s3, upload, () => this.head(key))));
  }

  async put(key: string, body: Uint8Array | Readable, contentType: string): Promise<void> {
    checkKey(key);
    checkContentType(contentType);
    const upload = new Upload({
      client: this.#s3.client,
      params: { ...this.#at(key), Body: body, ContentType: contentType },
      partSize: 8 * 1_024 * 1_024,
      queueSize: 2,
    });
    try {
      await upload.done();
    } catch (error) {
      throw sourceErrorOf(body) ?? s3Error(this.place, `write ${key}`, error);
    }
  }

  async head(key: string): Promise<ObjectFacts | null> {
    checkKey(key);
    return this.#explained(`look for ${key}`, async () => {
      const found = await this.#s3.client
        .send(new HeadObjectCommand(this.#at(key)), this.#quick)
        .catch(nullWhereMissing);
      return found && factsOf(key, found.ContentLength ?? 0, found);
    });
  }

  async get(key: string, range?: ByteRange): Promise<ReadObject | null> {
    checkKey(key);
    if (range) checkRange(range);
    return this.#explained(`read ${key}`, async () => {
      const command = new GetObjectCommand({
        ...this.#at(key),
        ...(range && { Range: `bytes=${range.start}-${range.end}` }),
      });
      const found = await this.#s3.client.send(command, this.#quick).catch(nullWhereMissing);
      if (!found) return null;
      if (!(found.Body instanceof Readable)) throw new TypeError('the SDK gave no stream');
      // `bytes 0-99/1500`: the length of the whole object stands behind the slash.
      const bytes = found.ContentRange === undefined ? found.ContentLength : Number(found.ContentRange.split('/')[1]);
      return { facts: factsOf(key, bytes ?? 0, found), body: this.#explainedBody(key, found.Body) };
    });
  }

  async *list(prefix: string): AsyncGenerator<{ readonly key: string; readonly bytes: number }> {
    checkPrefix(prefix);
    const { client, bucket, base } = this.#s3;
    try {
      for await (const page of paginateListObjectsV2(
        { client },
        { Bucket: bucket, Prefix: base + prefix },
        this.#quick,
      )) {
        for (const { Key, Size } of page.Contents ?? []) {
          const key = Key?.slice(base.length);
          if (key !== undefined && !isReserved(key)) yield { key, bytes: Size ?? 0 };
        }
      }
    } catch (error) {
      throw s3Error(this.place, `list ${prefix}`, error);
    }
  }

  async delete(key: string): Promise<void> {
    checkKey(key);
    return this.#explained(`delete ${key}`, async () => {
      await this.#s3.client.send(new DeleteObjectCommand(this.#at(key)), this.#quick).catch(nullWhereMissing);
    });
  }

  async presign(
    key: string,
    {
      seconds,
      fileName,
      save = false,
    }: { readonly seconds: number; readonly fileName: string; readonly save?: boolean },
  ): Promise<string> {
    checkKey(key);
    if (seconds > maxLinkSeconds) throw new RangeError(`a link lives ${maxLinkSeconds} s at most, not ${seconds} s`);
    const contentType = contentTypeOf(key);
    const command = new GetObjectCommand({
      ...this.#at(key),
      ResponseContentDisposition: save ? attachmentAs(fileName) : inlineAs(fileName),
      ...(contentType && { ResponseContentType: contentType }),
    });
    return this.#explained(`sign a link to ${key}`, () =>
      getSignedUrl(this.#s3.signer, command, { expiresIn: seconds }),
    );
  }

  check(): Promise<void> {
    return this.#explained('write to the bucket', async () => {
      const probe = { Bucket: this.#s3.bucket, Key: this.#s3.base + reserved.check };
      await this.#s3.client.send(
        new PutObjectCommand({ ...probe, Body: 'ok', ContentType: 'text/plain' }),
        this.#quick,
      );
    });
  }

  async close(): Promise<void> {
    this.#s3.client.destroy();
    this.#s3.signer.destroy();
  }

  get #quick(): { requestTimeout: number } {
    return { requestTimeout: this.#s3.timeouts.answer };
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#s3.bucket, Key: this.#s3.base + key };
  }

  /** The same bytes; a connection that breaks meanwhile fails the stream as a StorageError. */
  #explainedBody(key: string, body: Readable): Readable {
    const explained = new PassThrough({ highWaterMark: 256 * 1_024 });
    body.on('error', (error) => explained.destroy(s3Error(this.place, `read ${key} to its end`, error)));
    explained.on('close', () => body.destroy());
    return body.pipe(explained);
  }

  async #explained<T>(doing: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw s3Error(this.place, doing, error);
    }
  }
}

interface Answer {
  readonly ContentType?: string | undefined;
  readonly Metadata?: Readonly<Record<string, string>> | undefined;
}

function factsOf(key: string, bytes: number, answer: Answer): ObjectFacts {
  return { key, bytes, contentType: answer.ContentType ?? 'application/octet-stream', metadata: answer.Metadata ?? {} };
}

function nullWhereMissing(error: unknown): null {
  const { name, status } = failureOf(error);
  if (name === 'InvalidRange')
    throw new RangeError('the bytes that were asked for lie outside the object', { cause: error });
  if (status !== 404 || name === 'NoSuchBucket') throw error;
  return null;
}
