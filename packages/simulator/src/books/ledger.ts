import { createHash } from 'node:crypto';
import type { Received, ReceivedFile } from '../requests/received.js';

/**
 * What the simulator charged, in its own hand: one entry for each image request that reached it, even one that it
 * refused. Nobody else writes here, so a product whose own books agree with it has counted right.
 */

/** A file of a request. */
export interface LedgerInput {
  readonly field: string;
  readonly filename: string | null;
  readonly content_type: string | null;
  readonly bytes: number | null;
  readonly sha256: string | null;
  /** The link or file id that came in place of bytes. */
  readonly reference: string | null;
}

export interface LedgerEntry {
  /** 1 for the first request since the start or the last reset; drawn on its images. */
  readonly number: number;
  readonly request_id: string;
  /** When it arrived, ISO 8601. */
  readonly at: string;
  readonly path: string;
  readonly key_last4: string | null;
  /** Headers of interest: content-type, content-length, idempotency-key, traceparent, user-agent, x-stainless-retry-count. */
  readonly headers: Readonly<Record<string, string>>;
  model: string | null;
  prompt: string | null;
  n: number | null;
  charged: boolean;
  cost_micros: number;
  /** Images that were put into the answer, and the hash of each one's bytes. */
  images: number;
  sha256: string[];
  /** `in_progress`, `ok`, `client_gone`, `aborted` by the simulator's own end, the name of a fault, or the code of an error. */
  outcome: string;
  /** HTTP status that was sent, if any was. */
  status: number | null;
  /** The client hung up before the answer was complete. */
  client_gone: boolean;
  /** From arrival to the last byte of the answer. */
  duration_ms: number | null;
  inputs: LedgerInput[];
  mask: LedgerInput | null;
  /** Every field that was not a file, as it was received. */
  fields: Readonly<Record<string, unknown>>;
}

function inputOf({ field, filename, contentType, bytes, reference }: ReceivedFile): LedgerInput {
  return {
    field,
    filename,
    content_type: contentType,
    bytes: bytes?.length ?? null,
    sha256: bytes && createHash('sha256').update(bytes).digest('hex'),
    reference,
  };
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** Writes what a request contained into its entry. */
export function noteReceived(entry: LedgerEntry, received: Received): void {
  entry.fields = received.fields;
  entry.inputs = [...received.images, ...received.others].map(inputOf);
  entry.mask = received.mask && inputOf(received.mask);
  entry.prompt = text(received.fields['prompt']);
  entry.model = text(received.fields['model']);
}

export type Arrival = Pick<LedgerEntry, 'request_id' | 'path' | 'key_last4' | 'headers'>;

export class Ledger {
  readonly #limit: number;
  #count = 0;
  readonly entries: LedgerEntry[] = [];

  /** Keeps the newest `limit` entries at least. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  open(arrival: Arrival): LedgerEntry {
    const entry: LedgerEntry = {
      number: ++this.#count,
      at: new Date().toISOString(),
      ...arrival,
      model: null,
      prompt: null,
      n: null,
      charged: false,
      cost_micros: 0,
      images: 0,
      sha256: [],
      outcome: 'in_progress',
      status: null,
      client_gone: false,
      duration_ms: null,
      inputs: [],
      mask: null,
      fields: {},
    };
    this.entries.push(entry);
    // Forgetting in lots keeps each arrival cheap.
    if (this.entries.length > this.#limit * 1.25) this.entries.splice(0, this.entries.length - this.#limit);
    return entry;
  }

  reset(): void {
    this.#count = 0;
    this.entries.length = 0;
  }
}
