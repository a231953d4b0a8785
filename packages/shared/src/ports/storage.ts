import type { Readable } from 'node:stream';

/** What is known of a stored object. */
export interface ObjectFacts {
  readonly key: string;
  readonly bytes: number;
  readonly contentType: string;
  /** As given to {@link Storage.putOnce}, and `sha256`; empty for what {@link Storage.put} wrote. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** What is promised of a file before it is stored. */
export interface FileFacts {
  readonly contentType: string;
  readonly bytes: number;
  /** Lower-case hex; the store refuses bytes that differ. */
  readonly sha256: string;
  /** Names of a-z 0-9 `-`; values of printable ASCII without blanks at their ends; at most 2 kB in all. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface ReadObject {
  readonly facts: ObjectFacts;
  readonly body: Readable;
}

/**
 * Object storage: the customer's bucket, or a directory that keeps the same promises. One conformance suite runs over
 * all implementations.
 *
 * Keys are relative to the prefix of STORAGE_URL, printable ASCII, and made of server-made parts; none continues
 * another (`a` and `a/b`), and the first parts `.meta`, `.staging` and `.rendermill-check` are the stores' own.
 *
 * What goes wrong outside is a {@link StorageError}. A wrong key, name or type is a mistake of the program and throws
 * a plain Error, an impossible range a RangeError, and a source stream that fails its own error.
 */
export interface Storage {
  /** For people: where things lie, without secrets. */
  readonly place: string;
  /**
   * Stores a local file under a key that nobody has written yet, durably, with its metadata. The file stays, and must
   * not be written to afterwards: a directory store may hold the same bytes under a second name. `bytes` is what is in
   * the file, where the caller has it in memory.
   * `exists`: somebody has, and nothing was changed. Two writers at once: one of them gets `exists`. After an error the
   * object may be stored all the same; the next call answers `exists` then.
   */
  putOnce(key: string, file: string, facts: FileFacts, bytes?: Buffer | null): Promise<'stored' | 'exists'>;
  /** Stores bytes of any length under a key, durably, replacing what is there; readers see all of it or the old. */
  put(key: string, body: Uint8Array | Readable, contentType: string): Promise<void>;
  /** Null where nothing lies under the key. */
  head(key: string): Promise<ObjectFacts | null>;
  /**
   * Null where nothing lies under the key. `range` is inclusive, in bytes, and clipped at the end; the facts are those of
   * the whole object. The caller consumes or destroys the body, and does not leave it unread for a minute.
   */
  get(key: string, range?: { readonly start: number; readonly end: number }): Promise<ReadObject | null>;
  /** Keys that begin with a prefix (a plain string prefix, not a folder), in order. */
  list(prefix: string): AsyncIterable<{ readonly key: string; readonly bytes: number }>;
  /** Removes an object; no error where there is none. */
  delete(key: string): Promise<void>;
  /**
   * A link that reads the object without our help for a while, or null where the caller must serve the bytes. A browser
   * that is led there saves the file; in a page's `<img>` it is shown.
   */
  presign(key: string, options: { readonly seconds: number; readonly fileName: string }): Promise<string | null>;
  /** Resolves where the store can be reached and written. */
  check(): Promise<void>;
  close(): Promise<void>;
}

export type StorageFault =
  /** Credentials, policy, or a bucket that does not exist: waiting may not help, a person must look. */
  | 'denied'
  /** Out of reach, slow, overloaded: the same call may succeed later. */
  | 'unavailable'
  /** The bytes are not what their facts promise. */
  | 'mismatch';

/** The one error of the storage port. */
export class StorageError extends Error {
  readonly fault: StorageFault;

  constructor(fault: StorageFault, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StorageError';
    this.fault = fault;
  }
}
