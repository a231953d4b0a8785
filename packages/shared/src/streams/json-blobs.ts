import { Base64Decoder } from './base64-decoder.js';

/**
 * Reads a JSON document as it streams by, and diverts its base64 blobs: each long string that is one is decoded as
 * it passes and goes to a sink, never to one large string. What is left is a small JSON text in which a blob is a
 * marker. 50 answers of 20 MB at once cost a few MB this way instead of 2 GB, and block the event loop for no
 * longer than a chunk takes. Used for providers' answers, and for requests that carry data URLs.
 */

/** Where a blob's bytes go. */
export interface BlobSink<T> {
  /** Resolves when more may be written; until then the bytes are the sink's. */
  write(bytes: Buffer): Promise<void>;
  /** All bytes are written. Answers what the caller wants to know of the blob. */
  end(): Promise<T>;
  /** The document broke off or is refused: forget the bytes. */
  abort(): Promise<void>;
}

export interface BlobReaderOptions<T> {
  /**
   * Where base64 begins in a string value that begins with `head` (up to 128 characters), or -1 where the string
   * is no blob. `key` is the name of its property; for an array's element the array's.
   */
  readonly blobStart: (key: string, head: string) => number;
  readonly openSink: (index: number) => Promise<BlobSink<T>>;
  /** Longest JSON without its blobs, in bytes. */
  readonly maxJson: number;
  /** Largest blob, decoded, in bytes. */
  readonly maxBlob: number;
  readonly maxBlobs: number;
}

export interface JsonWithBlobs<T> {
  /** The document with markers in the place of blobs; not yet known to be UTF-8 or valid JSON. */
  readonly json: Buffer;
  readonly blobs: readonly T[];
  /** The index of the blob that a string of the parsed document stands for, or null. */
  readonly blobIndex: (value: unknown) => number | null;
}

export class BlobReadError extends Error {
  readonly kind: 'too_large' | 'truncated' | 'bad_base64' | 'too_deep' | 'too_many';

  constructor(kind: BlobReadError['kind'], message: string) {
    super(message);
    this.name = 'BlobReadError';
    this.kind = kind;
  }
}

const quote = 0x22;
const backslash = 0x5c;
const maxDepth = 64;
const headLength = 128;

interface Frame {
  readonly array: boolean;
  key: string;
}

type State = 'between' | 'string' | 'head' | 'blob';

/** One document. Feed it chunks with {@link write}, then call {@link end}; call {@link abort} where either threw. */
export class JsonBlobReader<T> {
  readonly #options: BlobReaderOptions<T>;
  readonly #marker: string;
  readonly #blobs: T[] = [];
  readonly #frames: Frame[] = [];
  #json: Buffer[] = [];
  #jsonBytes = 0;
  #state: State = 'between';
  #expectsKey = false;
  #isKey = false;
  /** Raw bytes of the string under way; for keys and heads. */
  #raw: number[] = [];
  #head = '';
  /** Characters of an escape that is not complete yet, with its backslash. */
  #escape = '';
  #sink: BlobSink<T> | null = null;
  #decoder = new Base64Decoder();
  #blobBytes = 0;

  constructor(options: BlobReaderOptions<T>, nonce: string) {
    this.#options = options;
    this.#marker = `blob:${nonce}:`;
  }

  async write(chunk: Buffer): Promise<void> {
    let at = 0;
    while (at < chunk.length) {
      if (this.#state === 'blob') at = await this.#readBlob(chunk, at);
      else if (this.#state === 'head') at = await this.#readHead(chunk, at);
      else if (this.#state === 'string') at = this.#readString(chunk, at);
      else at = this.#readBetween(chunk, at);
    }
  }

  end(): JsonWithBlobs<T> {
    if (this.#state !== 'between' || this.#frames.length > 0)
      throw new BlobReadError('truncated', 'the document breaks off');
    const json = Buffer.concat(this.#json);
    const blobIndex = (value: unknown): number | null =>
      typeof value === 'string' && value.startsWith(this.#marker) ? Number(value.slice(this.#marker.length)) : null;
    return { json, blobs: this.#blobs, blobIndex };
  }

  async abort(): Promise<void> {
    await this.#sink?.abort();
    this.#sink = null;
  }

  /** Blobs that are complete; for a caller that must clean up after a document that broke off. */
  get complete(): readonly T[] {
    return this.#blobs;
  }

  #keep(bytes: Buffer): void {
    this.#jsonBytes += bytes.length;
    if (this.#jsonBytes > this.#options.maxJson)
      throw new BlobReadError('too_large', `more than ${this.#options.maxJson} bytes of JSON`);
    this.#json.push(bytes);
  }

  /** Structure: everything outside strings. Copies up to the next string's opening quote. */
  #readBetween(chunk: Buffer, from: number): number {
    let at = from;
    for (; at < chunk.length; at++) {
      const byte = chunk[at];
      if (byte === quote) {
        this.#keep(Buffer.from(chunk.subarray(from, at)));
        this.#isKey = this.#expectsKey;
        this.#raw = [];
        this.#head = '';
        this.#escape = '';
        this.#state = this.#isKey ? 'string' : 'head';
        if (this.#isKey) this.#keep(Buffer.from([quote]));
        return at + 1;
      }
      if (byte !== undefined) this.#structure(byte);
    }
    this.#keep(Buffer.from(chunk.subarray(from, at)));
    return at;
  }

  #structure(byte: number): void {
    const frame = this.#frames.at(-1);
    if (byte === 0x7b || byte === 0x5b) {
      if (this.#frames.length === maxDepth) throw new BlobReadError('too_deep', `nested more than ${maxDepth} deep`);
      this.#frames.push({ array: byte === 0x5b, key: frame?.key ?? '' });
      this.#expectsKey = byte === 0x7b;
    } else if (byte === 0x7d || byte === 0x5d) {
      this.#frames.pop();
      this.#expectsKey = false;
    } else if (byte === 0x2c) {
      this.#expectsKey = frame !== undefined && !frame.array;
    } else if (byte === 0x3a) {
      this.#expectsKey = false;
    }
  }

  /** A string that stays in the document: a key, or a value known to be no blob. */
  #readString(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at] as number;
      if (this.#isKey && this.#raw.length < 256) this.#raw.push(byte);
      if (this.#escape !== '') this.#escape = '';
      else if (byte === backslash) this.#escape = '\\';
      else if (byte === quote) {
        this.#keep(Buffer.from(chunk.subarray(from, at + 1)));
        this.#endString();
        return at + 1;
      }
    }
    this.#keep(Buffer.from(chunk.subarray(from)));
    return chunk.length;
  }

  #endString(): void {
    const frame = this.#frames.at(-1);
    // Keys that matter have no escapes; others keep theirs, and match nothing.
    if (this.#isKey && frame) frame.key = Buffer.from(this.#raw.slice(0, -1)).toString('utf8');
    this.#state = 'between';
  }

  /** The beginning of a string value, until it is known whether it is a blob. */
  async #readHead(chunk: Buffer, from: number): Promise<number> {
    let at = from;
    while (at < chunk.length) {
      const byte = chunk[at] as number;
      const ends = byte === quote && this.#escape === '';
      if (!ends) {
        at++;
        this.#raw.push(byte);
        this.#head += this.#unescape(byte);
        if (this.#head.length < headLength || this.#escape !== '') continue;
      }
      const start = this.#head.length === 0 ? -1 : this.#options.blobStart(this.#frames.at(-1)?.key ?? '', this.#head);
      if (start < 0) {
        this.#keep(Buffer.from([quote, ...this.#raw]));
        this.#state = 'string';
      } else {
        await this.#openBlob(this.#head.slice(start));
      }
      return at;
    }
    return at;
  }

  /** The character that a byte completes, or '' where it is part of an escape. Multi-byte characters pass as bytes. */
  #unescape(byte: number): string {
    if (this.#escape === '') {
      if (byte === backslash) {
        this.#escape = '\\';
        return '';
      }
      return String.fromCharCode(byte);
    }
    this.#escape += String.fromCharCode(byte);
    const kind = this.#escape[1];
    if (kind === 'u' && this.#escape.length < 6) return '';
    const done = this.#escape;
    this.#escape = '';
    if (kind === 'u') return String.fromCharCode(Number.parseInt(done.slice(2), 16));
    return { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' }[kind ?? ''] ?? kind ?? '';
  }

  async #openBlob(first: string): Promise<void> {
    const index = this.#blobs.length;
    if (index === this.#options.maxBlobs)
      throw new BlobReadError('too_many', `more than ${this.#options.maxBlobs} blobs`);
    this.#sink = await this.#options.openSink(index);
    this.#decoder = new Base64Decoder();
    this.#blobBytes = 0;
    this.#state = 'blob';
    await this.#decode(first);
  }

  /** Base64 up to the closing quote, a chunk at a time. */
  async #readBlob(chunk: Buffer, from: number): Promise<number> {
    if (this.#escape !== '') {
      await this.#decode(this.#unescape(chunk[from] as number));
      return from + 1;
    }
    const close = chunk.indexOf(quote, from);
    const end = close < 0 ? chunk.length : close;
    // PHP's json_encode writes `\/`; escapes are looked for in what lies before the closing quote only.
    const escape = chunk.subarray(from, end).indexOf(backslash);
    if (escape >= 0) {
      await this.#decode(chunk.toString('latin1', from, from + escape));
      this.#escape = '\\';
      return from + escape + 1;
    }
    await this.#decode(chunk.toString('latin1', from, end));
    if (close < 0) return end;
    await this.#closeBlob();
    return close + 1;
  }

  async #decode(text: string): Promise<void> {
    await this.#pass(decoded(() => this.#decoder.push(text)));
  }

  async #pass(bytes: Buffer): Promise<void> {
    if (bytes.length === 0) return;
    this.#blobBytes += bytes.length;
    if (this.#blobBytes > this.#options.maxBlob)
      throw new BlobReadError('too_large', `a blob of more than ${this.#options.maxBlob} bytes`);
    await this.#sink?.write(bytes);
  }

  async #closeBlob(): Promise<void> {
    await this.#pass(decoded(() => this.#decoder.end()));
    const index = this.#blobs.length;
    if (this.#sink) this.#blobs.push(await this.#sink.end());
    this.#sink = null;
    this.#keep(Buffer.from(JSON.stringify(this.#marker + index)));
    this.#state = 'between';
  }
}

function decoded(step: () => Buffer): Buffer {
  try {
    return step();
  } catch (error) {
    throw new BlobReadError('bad_base64', error instanceof Error ? error.message : String(error));
  }
}
