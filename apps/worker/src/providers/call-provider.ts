import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { request, type Dispatcher } from 'undici';
import { nothingTold, readToldLimits, type ToldLimits } from '@rendermill/shared/domain/told-limits';
import type { TransportFailure } from '@rendermill/shared/domain/verdicts';
import { retryAfter } from '@rendermill/shared/adapters/http/post';
import { BlobReadError, JsonBlobReader, type BlobSink } from '@rendermill/shared/streams/json-blobs';
import type { ProviderRequest } from './build-request.js';
import { EventReader, type StreamedEvent } from './event-reader.js';
import { saveInlinePictures } from './inline-pictures.js';

/** One HTTP call to a provider. Pictures go to sinks as they arrive; what is left of the answer is small. */

export interface CallLimits {
  /** Until the head of the answer: providers send it when the picture is done. Milliseconds. */
  readonly timeoutMs: number;
  /** Longest silence inside the answer. */
  readonly idleMs: number;
  readonly maxImageBytes: number;
  readonly maxImages: number;
}

/** What is told of a call while it runs. */
export interface CallEvents<T> {
  /** The last byte of the request was handed to a connection. */
  readonly onSent?: () => void;
  readonly onPreview?: (event: StreamedEvent, blob: T) => Promise<void>;
}

/** An answer that was read to its end. */
export interface Answer<T> {
  readonly kind: 'answer';
  readonly status: number;
  readonly requestId: string | null;
  readonly retryAfterMs: number | null;
  readonly told: ToldLimits;
  /** Parsed body, or undefined where it is not JSON. Blobs in it are markers. */
  readonly json: unknown;
  readonly text: string;
  readonly blobs: readonly T[];
  readonly blobIndex: (value: unknown) => number | null;
}

export interface BrokenCall<T> extends TransportFailure {
  readonly kind: 'broken';
  readonly requestId: string | null;
  readonly told: ToldLimits;
  /** Pictures that arrived whole before the call broke. */
  readonly blobs: readonly T[];
}

const maxText = 64 * 1024;
const maxJson = 4 * 1024 * 1024;

/** `b64_json` with or without a data URL's head; `url` where it is one. */
function blobStart(key: string, head: string): number {
  if (key === 'url' && /^data:[^,]*;base64,/.test(head)) return head.indexOf(',') + 1;
  if (key !== 'b64_json') return -1;
  if (!head.startsWith('data:')) return 0;
  return head.indexOf(',') + 1;
}

export async function callProvider<T>(
  dispatcher: Dispatcher,
  ask: ProviderRequest,
  limits: CallLimits,
  openSink: (index: number) => Promise<BlobSink<T>>,
  { onSent, onPreview = async () => undefined }: CallEvents<T> = {},
): Promise<Answer<T> | BrokenCall<T>> {
  const { body } = ask;
  let sent = false;
  let status: number | null = null;
  let requestId: string | null = null;
  const options = { blobStart, openSink, maxJson, maxBlob: limits.maxImageBytes, maxBlobs: limits.maxImages };
  let reader: JsonBlobReader<T> | EventReader<T> = new JsonBlobReader<T>(options, randomBytes(8).toString('hex'));
  let told = nothingTold;
  const startedAt = performance.now();
  try {
    const response = await request(ask.url, {
      dispatcher,
      method: body ? 'POST' : 'GET',
      headers: ask.headers,
      // The first read tells that a connection stands: until then nothing was bought.
      body:
        body &&
        Readable.from(
          (async function* () {
            sent = true;
            yield* body.stream();
            onSent?.();
          })(),
          { objectMode: false },
        ),
      headersTimeout: limits.timeoutMs,
      bodyTimeout: limits.idleMs,
      signal: AbortSignal.timeout(limits.timeoutMs + 4 * limits.idleMs),
    });
    status = response.statusCode;
    requestId = header(response.headers['x-request-id']);
    told = readToldLimits((name) => header(response.headers[name]), performance.now() - startedAt);
    const retryAfterMs = wait(response.headers);
    if (status < 200 || status >= 300) {
      const text = await readText(response.body);
      return {
        kind: 'answer',
        status,
        requestId,
        retryAfterMs,
        told,
        ...parsed(text),
        blobs: [],
        blobIndex: () => null,
      };
    }
    if (/^text\/event-stream/i.test(header(response.headers['content-type']) ?? ''))
      reader = new EventReader<T>(options, onPreview);
    const { text, ...read } = await (reader instanceof EventReader
      ? readEvents(response.body, reader)
      : readBody(response.body, reader));
    const { json } = parsed(text);
    const pictures = await saveInlinePictures(json, read, openSink);
    return { kind: 'answer', status, requestId, retryAfterMs, told, json, text, ...pictures };
  } catch (error) {
    await reader.abort();
    return { kind: 'broken', ...explain(error), sent, status, requestId, told, blobs: reader.complete };
  }
}

async function readEvents<T>(body: Dispatcher.ResponseData['body'], reader: EventReader<T>) {
  for await (const chunk of body as AsyncIterable<Buffer>) await reader.write(chunk);
  return reader.end();
}

async function readBody<T>(body: Dispatcher.ResponseData['body'], reader: JsonBlobReader<T>) {
  let first = true;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    // White space may come for minutes as a sign of life; the first other byte tells JSON from an HTML page.
    const start = first ? chunk.findIndex((byte) => byte > 0x20) : 0;
    if (first && start >= 0 && chunk[start] !== 0x7b && chunk[start] !== 0x5b) {
      const text = await readText(body, chunk);
      return { text, blobs: reader.complete, blobIndex: (): null => null };
    }
    if (start >= 0) first = false;
    await reader.write(chunk);
  }
  if (first) return { text: '', blobs: [], blobIndex: (): null => null };
  const { json, blobs, blobIndex } = reader.end();
  return { text: json.toString('utf8'), blobs, blobIndex };
}

/** The beginning of a body, for an error message; the rest is not waited for. */
async function readText(body: Dispatcher.ResponseData['body'], already = Buffer.alloc(0) as Buffer): Promise<string> {
  const parts: Buffer[] = [already];
  let bytes = already.length;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    parts.push(chunk);
    bytes += chunk.length;
    if (bytes > maxText) break;
  }
  return Buffer.concat(parts).toString('utf8').slice(0, maxText);
}

function parsed(text: string): { json: unknown; text: string } {
  try {
    return { json: JSON.parse(text) as unknown, text };
  } catch {
    // Not JSON is an answer too: its text is judged.
    return { json: undefined, text };
  }
}

function header(value: string | string[] | undefined): string | null {
  const text = Array.isArray(value) ? value[0] : value;
  return text === undefined || text.length > 256 ? null : text;
}

function wait(headers: Dispatcher.ResponseData['headers']): number | null {
  const ms = Number(header(headers['retry-after-ms']) ?? Number.NaN);
  return Number.isNaN(ms) ? retryAfter(headers['retry-after']) : ms;
}

function explain(error: unknown): Pick<TransportFailure, 'why' | 'message'> {
  if (error instanceof BlobReadError) {
    const why = error.kind === 'truncated' || error.kind === 'bad_base64' ? error.kind : 'too_large';
    return { why, message: `the provider's answer cannot be used: ${error.message}` };
  }
  const { code = '', name, message } = error as Error & { code?: string };
  if (/TIMEOUT/.test(code) || name === 'TimeoutError')
    return { why: 'timeout', message: `the provider took too long (${code || name})` };
  if (/ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|CERT|TLS|SSL/.test(code)) {
    return { why: 'connect', message: `the provider cannot be reached (${code})` };
  }
  if (/^(ENOSPC|EDQUOT|EROFS|EIO|EMFILE|ENFILE)$/.test(code))
    return { why: 'disk', message: `this worker could not write the answer to its disk (${code})` };
  return { why: 'reset', message: `the connection to the provider broke (${code || message})` };
}
