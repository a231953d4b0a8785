import { createHash, createHmac } from 'node:crypto';
import { z } from 'zod';
import { base62 } from './ids.js';
import { isRange } from './ip-ranges.js';
import type { Mode } from './job.js';
import { isPrintable } from './text.js';

/** API keys: what they look like, what they may do, and what is kept of them. */

/** What a key may do in its project. `operator` is over all projects, and the admin key's. */
export const scopes = [
  'jobs:write',
  'jobs:read',
  'batches',
  'files',
  'webhooks',
  'usage',
  'admin',
  'operator',
] as const;
export type Scope = (typeof scopes)[number];

/** What an API key that was made is: never the key itself. Times in milliseconds since the epoch. */
export interface ApiKey {
  readonly id: string;
  readonly project: string;
  readonly name: string;
  readonly mode: Mode;
  readonly scopes: readonly Scope[];
  readonly created_at: number;
  readonly expires_at: number | null;
  /** Addresses that may use it, as ranges; empty: all. */
  readonly ip_ranges: readonly string[];
  /** Micro-dollars that what it orders may cost, or null. */
  readonly spend_limit: number | null;
  /** Null: without limit. */
  readonly requests_per_minute: number | null;
  /** Images that it may order in a minute, and have under way; null: without limit. */
  readonly images_per_minute: number | null;
  readonly images_under_way: number | null;
  /** The beginning of the key, so that a person can tell two apart. */
  readonly hint: string;
  readonly rotated_at: number | null;
  /** Until when the key before the last rotation works too. */
  readonly previous_until: number | null;
  /** What the key was made with, where that was under an Idempotency-Key: see {@link repeatableRandom}. */
  readonly salt: string | null;
}

/** What bounds the orders of an API key; null: nothing does. */
export interface OrderLimits {
  /** Micro-dollars. */
  readonly spendLimit: number | null;
  readonly imagesPerMinute: number | null;
  readonly imagesUnderWay: number | null;
}

export const noLimits: OrderLimits = { spendLimit: null, imagesPerMinute: null, imagesUnderWay: null };

/** The key of RENDERMILL_ADMIN_KEY. */
export const adminsKey: ApiKey = {
  id: 'admin',
  project: 'default',
  name: 'RENDERMILL_ADMIN_KEY',
  mode: 'live',
  scopes,
  created_at: 0,
  expires_at: null,
  ip_ranges: [],
  spend_limit: null,
  requests_per_minute: null,
  images_per_minute: null,
  images_under_way: null,
  hint: '',
  rotated_at: null,
  previous_until: null,
  salt: null,
};

/** Requests a minute where a key says nothing else: what a person's program hardly reaches, and a loop gone wild does. */
export const standardRequestsPerMinute = 3_000;

/** A project's name stands in keys of Redis and of the bucket. */
export const projectName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'must have 1 to 64 of a-z 0-9 -');

const imageLimit = z.int().min(1).max(1_000_000).nullish();

export const createKeySchema = z.strictObject({
  name: z.string().min(1).max(128).refine(isPrintable, 'name must be printable'),
  project: projectName.describe('One that is not known is made.'),
  mode: z.enum(['live', 'test']).describe('What a test key orders is rendered by the built-in simulator alone.'),
  scopes: z
    .array(z.enum(scopes, { error: `must be of ${scopes.join(', ')}` }))
    .min(1)
    .max(50)
    .transform((list) => [...new Set(list)]),
  expires_at: z.int().min(0).max(4_102_444_800).nullish().describe('Unix seconds.'),
  ip_ranges: z
    .array(z.string().max(64).refine(isRange, 'must be addresses or CIDRs, as 203.0.113.0/24'))
    .max(100)
    .nullish()
    .describe('Addresses from which the key works; without it, all.'),
  spend_limit: z
    .number()
    .min(0)
    .max(1_000_000_000)
    .nullish()
    .describe('USD that what the key orders may cost, what may have been billed counted.'),
  requests_per_minute: z.int().min(1).max(1_000_000).nullish().describe(`Default: ${standardRequestsPerMinute}.`),
  images_per_minute: imageLimit.describe('Images that it may order in a minute; lines of batches are not counted.'),
  images_under_way: imageLimit.describe('Images of its jobs that have not ended; lines of batches are not counted.'),
});

/** 30 days: who has not changed over by then forgot. */
export const rotateKeySchema = z.strictObject({
  overlap_hours: z.number().min(0).max(720).default(24).describe('How long the key so far works beside the new one.'),
});

const randomChars = 40;
const checksumChars = 6;
const form = /^rm_(live|test)_([0-9A-Za-z]{40})([0-9A-Za-z]{6})$/;

/** A sum over all that comes before it: a typo is told from a key without asking anybody. */
function checksum(body: string): string {
  return base62(createHash('sha256').update(body).digest().subarray(0, 4), checksumChars);
}

/** The key that 32 random bytes make: `rm_live_`, 40 characters of which the first 8 may be shown, 6 of checksum. */
export function keyFrom(mode: Mode, random: Uint8Array): string {
  const body = `rm_${mode}_${base62(random, randomChars)}`;
  return body + checksum(body);
}

/** True for what {@link keyFrom} makes; false for a typo. */
export function isKey(text: string): boolean {
  return form.test(text) && checksum(text.slice(0, -checksumChars)) === text.slice(-checksumChars);
}

export function hintOf(key: string): string {
  return `${key.slice(0, 'rm_live_'.length + 8)}…`;
}

/** What is kept in the place of a key. The purpose keeps this use of the pepper apart from its other. */
export function digestOf(pepper: string, key: string): string {
  return createHmac('sha256', pepper).update(`api-key|${key}`).digest('hex');
}

/**
 * The random part of a key that is made under an Idempotency-Key: who lost the answer gets the key by asking again, though
 * only a digest of it is kept. `salt` stands in the key's row, so that the same request makes another key when it is
 * forgotten that it was made before.
 */
export function repeatableRandom(pepper: string, repeat: string, salt: string): Uint8Array {
  return createHmac('sha256', pepper).update(`api-key made by|${repeat}|${salt}`).digest();
}
