import { z } from 'zod';
import type { ErrorBody } from './errors.js';
import type { JobInput } from './job-request.js';
import { findingSchema } from './profile.js';

/** A probe of an account: jobs that find out, one after another, what it takes of a model. */
export const probeStatuses = ['running', 'completed', 'failed', 'interrupted'] as const;

const input = z.custom<JobInput>((value) => typeof value === 'object' && value !== null && 'key' in value);

/** One call of a probe that has come to something. */
const probeCall = z.strictObject({
  step: z.string(),
  job: z.string(),
  came_to: z.enum(['accepted', 'refused', 'failed']),
  /** Micro-dollars, or null where its price is unknown. */
  cost: z.int().nullable(),
  message: z.string().nullable(),
});
export type ProbeCall = z.output<typeof probeCall>;

export const probeSchema = z.strictObject({
  id: z.string(),
  account: z.string(),
  /** What it is true of, see `profile.ts`. */
  subject: z.string(),
  project: z.string(),
  key_id: z.string(),
  mode: z.enum(['live', 'test']),
  /** Our name. */
  model: z.string(),
  status: z.enum(probeStatuses),
  /** Milliseconds since the epoch. */
  created_at: z.number(),
  ended_at: z.number().nullable(),
  /** Micro-dollars; null: its user takes an unknown price. */
  max_cost: z.int().nullable(),
  /** The pictures that its edits send; null where it makes none. */
  inputs: z.strictObject({ images: z.array(input), mask: input }).nullable(),
  calls: z.array(probeCall),
  error: z.custom<ErrorBody>().nullable(),
  request_id: z.string(),
});
export type Probe = z.output<typeof probeSchema>;

/** What a probe's calls cost, or null as soon as the price of one is unknown. */
export function probeCost(calls: readonly ProbeCall[]): number | null {
  return calls.reduce<number | null>((sum, { cost }) => (sum === null || cost === null ? null : sum + cost), 0);
}

/** A probe that did not end by then is given up: what it waits for will hardly come, and its jobs are forgotten in time. */
export const probeMs = 2 * 3_600_000;

/** An account's profile as a record in the bucket: what brings it back where Redis was lost. */
export const profileRecord = z.object({
  object: z.literal('provider_profile'),
  account: z.string(),
  findings: z.record(z.string(), z.record(z.string(), findingSchema)),
  probe: probeSchema.nullable(),
});
export type ProfileRecord = z.output<typeof profileRecord>;
