import type { Kind } from './kind';

/** The file that a batch is made of, as it lies with the API. */
export interface Source {
  readonly kind: Kind;
  readonly fileId: string;
  readonly name: string;
  readonly size: number;
  /** Its first bytes: how they read depends on what the person says of the encoding. */
  readonly head: Uint8Array;
}
