/** A request's body as it came, before anybody judged it. */

export interface ReceivedFile {
  /** Name of the form field, or the path in the JSON body. */
  readonly field: string;
  readonly filename: string | null;
  readonly contentType: string | null;
  /** Null where the body only refers to a file. */
  readonly bytes: Buffer | null;
  /** The link or file id that the body gave in place of bytes. */
  readonly reference: string | null;
}

export interface Received {
  readonly form: 'json' | 'multipart';
  /** Everything but files. A repeated form field is a list. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly images: readonly ReceivedFile[];
  readonly mask: ReceivedFile | null;
  /** Files under any other name. */
  readonly others: readonly ReceivedFile[];
}
