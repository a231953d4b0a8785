import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { finished, type Readable, type Transform } from 'node:stream';
import { RendermillError } from '@rendermill/shared/domain/errors';
import { maxInputBytes } from '@rendermill/shared/adapters/images/check-input';
import { jsonFault, maxJsonDepth } from '@rendermill/shared/domain/strict-json';
import { FileSink, type WrittenFile } from '@rendermill/shared/streams/file-sink';
import { BlobReadError, JsonBlobReader } from '@rendermill/shared/streams/json-blobs';
import { faultInJson } from '@rendermill/shared/domain/text';

/** An image that came with a request and lies in a temporary file. */
export interface UploadedFile extends WrittenFile {
  /** `image`, `images.2`, `mask`: for messages. */
  readonly field: string;
}

/** A request's body, read once. */
export interface ReceivedBody {
  /** Parsed, not yet known to fit a schema. */
  readonly value: unknown;
  /** The file that a string in `value` stands for (an uploaded part or the bytes of a data URL), or null. */
  readonly fileOf: (text: string) => UploadedFile | null;
  /** Where its files lie: it goes with all that is in it once the request has been worked on. */
  readonly folder: string;
  /** sha256 of what was sent: of a form, its parts without their boundaries. */
  readonly fingerprint: string;
}

const maxJsonBytes = 1024 * 1024;

/** A data URL of an image: its bytes go to a file as they pass. */
function dataUrlStart(_key: string, head: string): number {
  const match = /^data:image\/[a-z+.-]+;base64,/i.exec(head);
  return match ? match[0].length : -1;
}

/**
 * What a compressed body may grow to: one of a megabyte on the wire could be seventeen images of 50 MB on our disk, before
 * anything of it is looked at. Pictures do not shrink by it: who sends large ones sends them as they are.
 */
const maxInflatedBytes = 100 * 1024 * 1024;

/** Where lines of a batch may come with it: read whole, so that they are few. */
const maxLinesBytes = 8 * maxJsonBytes;

/** `one`: a request for one job. `some`: or for a batch. `lines`: for a batch, whose lines are kept as they are written. */
export type JsonKind = 'one' | 'some' | 'lines';

/** Reads a JSON body of any size: what is long in it are images, and they go to files in `folder`. */
export async function receiveJson(
  request: IncomingMessage,
  folder: string,
  kind: JsonKind = 'one',
): Promise<ReceivedBody> {
  requireJson(request);
  const nonce = randomBytes(12).toString('hex');
  const reader = new JsonBlobReader<WrittenFile>(
    {
      blobStart: kind === 'lines' ? () => -1 : dataUrlStart,
      openSink: async (index) => FileSink.open(join(folder, `${nonce}-${index}`)),
      maxJson: kind === 'one' ? maxJsonBytes : maxLinesBytes,
      maxBlob: maxInputBytes,
      maxBlobs: 17,
    },
    nonce,
  );
  const hash = createHash('sha256');
  try {
    let bytes = 0;
    // A stream that is left by its reader would take the connection with it, and the answer.
    const chunks = decompressed(request).iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
    for await (const chunk of chunks) {
      hash.update(chunk);
      bytes += chunk.length;
      if (bytes > maxInflatedBytes && encodingOf(request) !== 'identity') throw inflatesTooFar();
      await reader.write(chunk);
    }
    if (bytes === 0) throw new RendermillError('empty_body', 'The request has no body: send a JSON object.');
    const { json, blobs, blobIndex } = reader.end();
    return {
      value: parseObject(json, kind),
      fileOf: (text) => {
        const index = blobIndex(text);
        const file = index === null ? undefined : blobs[index];
        return file ? { ...file, field: 'image' } : null;
      },
      folder,
      fingerprint: hash.digest('hex'),
    };
  } catch (error) {
    await reader.abort();
    throw explain(error, kind);
  }
}

function requireJson(request: IncomingMessage): void {
  const [type = '', ...parameters] = (request.headers['content-type'] ?? '').toLowerCase().split(';');
  if (type.trim() !== 'application/json') {
    throw new RendermillError('unsupported_media_type', 'Send Content-Type: application/json.');
  }
  const charset = parameters
    .map((part) => /^\s*charset="?([^"\s]+)"?\s*$/.exec(part)?.[1])
    .find((found) => found !== undefined);
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8') {
    throw new RendermillError('unsupported_charset', 'JSON is UTF-8.');
  }
}

const inflaters = new Map<string, () => Transform>([
  ['gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
]);

function encodingOf(request: IncomingMessage): string {
  return request.headers['content-encoding']?.toLowerCase() ?? 'identity';
}

function inflatesTooFar(): RendermillError {
  const most = `${maxInflatedBytes / 1024 ** 2} MB`;
  const message = `The body is more than ${most} when it is decompressed: send it without Content-Encoding, or its images as URLs or file ids.`;
  return new RendermillError('payload_too_large', message);
}

/** The body's bytes as they were meant; limits count these, not the compressed ones. */
function decompressed(request: IncomingMessage): Readable {
  const encoding = encodingOf(request);
  if (encoding === 'identity') return request;
  const inflate = inflaters.get(encoding);
  if (!inflate)
    throw new RendermillError(
      'unsupported_encoding',
      `Content-Encoding ${encoding} is not taken: send identity, gzip, deflate or br.`,
    );
  const stream = inflate();
  // Its client may have hung up before we came to listen, which events would not tell any more.
  finished(request, { writable: false }, (error) => {
    if (error) stream.destroy(error);
  });
  return request.pipe(stream);
}

function parseObject(bytes: Buffer, kind: JsonKind): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new RendermillError('invalid_utf8', 'The body is not UTF-8.', { cause: error });
  }
  if (text.startsWith('\ufeff')) {
    throw new RendermillError('bom', 'The body begins with a byte order mark: send UTF-8 without one.');
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new RendermillError('invalid_json', `The body is not valid JSON: ${faultInJson(error as Error)}.`, {
      cause: error,
    });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RendermillError('invalid_json', 'The body must be a JSON object.');
  }
  const fault = jsonFault(text);
  if (fault) {
    const param = fault.path.join('.');
    const advice = fault.code === 'array_too_long' ? asFile(kind) : '';
    throw new RendermillError(fault.code, `${param}: ${fault.message}.${advice}`, { param });
  }
  return value;
}

function asFile(kind: JsonKind): string {
  return kind === 'one' ? '' : ' Send the lines of a batch as a file (POST /v1/files, purpose batch).';
}

function explain(error: unknown, kind: JsonKind): unknown {
  if (error instanceof BlobReadError) {
    if (error.kind === 'too_large' || error.kind === 'too_many') {
      return new RendermillError('payload_too_large', `The body is too large: ${error.message}.${asFile(kind)}`, {
        cause: error,
      });
    }
    if (error.kind === 'bad_base64')
      return new RendermillError('invalid_image', 'A data URL in the body is not valid base64.', { cause: error });
    if (error.kind === 'too_deep')
      return new RendermillError('too_deep', `The body is nested more than ${maxJsonDepth} deep.`, { cause: error });
    return new RendermillError('invalid_json', `The body is not valid JSON: ${error.message}.`, { cause: error });
  }
  const code = (error as { code?: string }).code ?? '';
  if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE') {
    return new RendermillError('invalid_json', 'The body broke off.', { cause: error });
  }
  if (code.startsWith('Z_') || code.startsWith('ERR_BUFFER') || code.startsWith('ERR__ERROR_FORMAT')) {
    return new RendermillError('bad_encoding', 'The body does not decompress with its Content-Encoding.', {
      cause: error,
    });
  }
  return error;
}
