import { openaiPrices, type PriceList } from './catalogue/prices.js';
import type { AnswerStyle } from './answers/items.js';
import type { Limits } from './books/limits.js';
import type { FaultRule } from './faults/rules.js';
import type { ImageMode } from './images/studio.js';
import type { Dialect } from './requests/dialect.js';
import type { ImageRequest, Strictness } from './requests/image-request.js';

/** How long an image takes: always, at random between two bounds, or by the request. In milliseconds. */
export type Latency = number | { readonly min: number; readonly max: number } | ((request: ImageRequest) => number);

/** Everything is optional. */
export interface SimulatorOptions {
  /** Address to listen on. Default 127.0.0.1. */
  readonly host?: string;
  /** Port to listen on; 0 picks a free one. Default 0. */
  readonly port?: number;
  /** Bearer keys that are accepted. Default: any, and none in lenient mode. */
  readonly apiKeys?: readonly string[];
  /** How long an answer takes. Default 0. */
  readonly latencyMs?: Latency;
  /** Limits of each key. Default: none. */
  readonly limits?: Limits;
  /** How images are given. Default `as-asked`. */
  readonly answers?: AnswerStyle;
  /** How long result links work, in milliseconds. Default an hour. */
  readonly urlTtlMs?: number;
  /** Bytes of images kept for result links; beyond it the oldest go. Default 512 MiB. */
  readonly linkBytes?: number;
  /** `openai` refuses what OpenAI refuses, `lenient` what no relay would take either. Default `lenient`. */
  readonly strict?: Strictness;
  /** What this provider does not take that OpenAI does. Default: nothing. */
  readonly dialect?: Dialect;
  /** Prices by model, over OpenAI's list prices. Micro-dollars. */
  readonly prices?: PriceList;
  /** Pictures that show their request, or noise of a given length for benchmarks. Default `drawn`. */
  readonly images?: ImageMode;
  /** Fault rules to begin with. Default: none. */
  readonly faults?: readonly FaultRule[];
  /** Seed of random latencies and of faults with a probability. Default 1. */
  readonly seed?: number;
  /** Ledger entries kept; beyond it the oldest go. Default 100,000. */
  readonly ledgerLimit?: number;
}

export type ResolvedOptions = Required<Omit<SimulatorOptions, 'apiKeys'>> & {
  readonly apiKeys: readonly string[] | null;
};

export function resolveOptions(options: SimulatorOptions): ResolvedOptions {
  return {
    host: '127.0.0.1',
    port: 0,
    latencyMs: 0,
    limits: {},
    answers: 'as-asked',
    urlTtlMs: 60 * 60_000,
    linkBytes: 512 * 1024 * 1024,
    strict: 'lenient',
    dialect: {},
    images: 'drawn',
    faults: [],
    seed: 1,
    ledgerLimit: 100_000,
    ...options,
    apiKeys: options.apiKeys ?? null,
    prices: { ...openaiPrices, ...options.prices },
  };
}
