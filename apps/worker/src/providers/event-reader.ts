import { randomBytes } from 'node:crypto';
import { BlobReadError, JsonBlobReader, type BlobReaderOptions } from '@rendermill/shared/streams/json-blobs';

/** A server-sent event's JSON, in which a picture is a marker. */
export type StreamedEvent = Readonly<Record<string, unknown>>;

const newline = 0x0a;
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parsed(text: string): Record<string, unknown> {
  try {
    const event: unknown = JSON.parse(text);
    if (isObject(event)) return event;
  } catch {
    // Told below, with what is an array or a word.
  }
  throw new BlobReadError('truncated', 'an event is no JSON object');
}

/**
 * Reads `text/event-stream` answers of the images API as they arrive: each event's picture goes to a sink, previews are
 * handed on, and what is left reads like an answer that was not streamed.
 */
export class EventReader<T> {
  readonly #options: BlobReaderOptions<T>;
  readonly #onPreview: (event: StreamedEvent, blob: T) => Promise<void>;
  readonly #pictures: { readonly event: StreamedEvent; readonly blob: T | null }[] = [];
  /** The field name of the line under way; null once it is known. */
  #field: string | null = '';
  #reader: JsonBlobReader<T> | null = null;
  #error: unknown;
  #sinks = 0;

  constructor(options: BlobReaderOptions<T>, onPreview: (event: StreamedEvent, blob: T) => Promise<void>) {
    // Every event has blobs of its own, all of them names in one folder.
    this.#options = { ...options, openSink: async () => options.openSink(this.#sinks++) };
    this.#onPreview = onPreview;
  }

  async write(chunk: Buffer): Promise<void> {
    let at = 0;
    while (at < chunk.length) {
      if (this.#field !== null) {
        at = this.#readField(chunk, at, this.#field);
        continue;
      }
      const end = chunk.indexOf(newline, at);
      await this.#reader?.write(chunk.subarray(at, end < 0 ? chunk.length : end));
      if (end < 0) return;
      await this.#endLine();
      at = end + 1;
    }
  }

  /** The answer as JSON text with markers, as the images API would have sent it in one piece. */
  async end(): Promise<{ text: string; blobs: readonly T[]; blobIndex: (value: unknown) => number | null }> {
    if (this.#reader) await this.#endLine();
    const nonce = randomBytes(8).toString('hex');
    const marker = (i: number): string => `event:${nonce}:${i}`;
    const data = this.#pictures.map(({ event, blob }, i) => ({ ...event, ...(blob ? { b64_json: marker(i) } : {}) }));
    const blobs = this.#pictures.flatMap(({ blob }) => (blob ? [blob] : []));
    const places = this.#pictures.flatMap(({ blob }, i) => (blob ? [marker(i)] : []));
    const last = this.#pictures.at(-1)?.event ?? {};
    const answer = data.length === 0 && this.#error !== undefined ? { error: this.#error } : { ...last, data };
    const blobIndex = (value: unknown): number | null => {
      const index = typeof value === 'string' ? places.indexOf(value) : -1;
      return index < 0 ? null : index;
    };
    return { text: JSON.stringify(answer), blobs, blobIndex };
  }

  async abort(): Promise<void> {
    await this.#reader?.abort();
    this.#reader = null;
  }

  /** Finished pictures: a preview is none. */
  get complete(): readonly T[] {
    return this.#pictures.flatMap(({ blob }) => (blob ? [blob] : []));
  }

  /** Up to the first byte of a `data` line's JSON; what is of no interest is passed over. */
  #readField(chunk: Buffer, at: number, field: string): number {
    const byte = chunk[at] as number;
    if (byte === newline) this.#field = '';
    else if (field === 'data:' && byte !== 0x20) {
      this.#field = null;
      // `[DONE]` is no event.
      if (byte !== 0x7b) return at + 1;
      this.#reader = new JsonBlobReader(this.#options, randomBytes(8).toString('hex'));
      return at;
    } else if (field !== 'data:') {
      this.#field = field + String.fromCharCode(byte);
      if (!'data:'.startsWith(this.#field)) this.#field = null;
    }
    return at + 1;
  }

  async #endLine(): Promise<void> {
    const reader = this.#reader;
    [this.#reader, this.#field] = [null, ''];
    if (!reader) return;
    const { json, blobs } = reader.end();
    const event = parsed(json.toString('utf8'));
    const [blob] = blobs;
    const type = typeof event['type'] === 'string' ? event['type'] : '';
    if (type.endsWith('partial_image')) {
      if (blob !== undefined) await this.#onPreview(event, blob);
    } else if (blob !== undefined || typeof event['url'] === 'string') {
      this.#pictures.push({ event, blob: blob ?? null });
    } else if (event['error'] !== undefined && event['error'] !== null) this.#error = event['error'];
  }
}
