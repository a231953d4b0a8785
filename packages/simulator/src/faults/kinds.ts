import { z } from 'zod';

/** Every fault and its parameters. What each does, and whether it is charged, is told in `facts.ts`. */

const milliseconds = z.number().min(0);
const bytes = z.number().int().min(0);

/** Parameters of every fault. */
const common = {
  /** Whether the request is charged; default: as `faultFacts` says. */
  charge: z.boolean().optional(),
  /** Wait before the fault instead of the simulator's latency. */
  delayMs: milliseconds.optional(),
};

const kind = <K extends string>(name: K) => z.strictObject({ kind: z.literal(name), ...common });

/** The provider, or the relay, says no. */
const refusingFaults = z.discriminatedUnion('kind', [
  kind('rate_limited').extend({
    /** Told in the message, and in Retry-After unless `header` is false; null: not told at all. */
    retryAfterMs: milliseconds.nullable().default(1_000),
    header: z.boolean().default(true),
  }),
  kind('insufficient_quota'),
  kind('billing_hard_limit_reached'),
  kind('invalid_api_key'),
  kind('insufficient_user_quota'),
  kind('model_not_found').extend({ status: z.union([z.literal(404), z.literal(503)]).default(404) }),
  kind('moderation_blocked').extend({
    stage: z.enum(['input', 'output', 'unknown']).default('input'),
    categories: z.array(z.string()).default(['violence']),
  }),
  kind('content_policy_violation'),
  kind('server_error'),
  kind('json_503'),
]);

/** Something else comes in place of the images. */
const replacingFaults = z.discriminatedUnion('kind', [
  kind('html_502'),
  kind('html_504'),
  kind('cloudflare_524'),
  kind('ok_with_error').extend({
    code: z.string().default('rate_limit_exceeded'),
    message: z.string().default('Rate limit reached for images.'),
  }),
  kind('ok_html'),
  kind('ok_empty_body'),
  kind('huge_body').extend({ bytes: bytes.default(400 * 1024 * 1024) }),
]);

/** A good answer has a bad journey. */
const travelFaults = z.discriminatedUnion('kind', [
  kind('reset_before_headers'),
  kind('hang_before_headers'),
  kind('reset_in_body').extend({ afterBytes: bytes.default(1_000) }),
  kind('hang_in_body').extend({ afterBytes: bytes.default(1_000) }),
  kind('truncated_body').extend({
    afterBytes: bytes.default(1_000),
    /** `chunked` ends as HTTP wants it, so only the JSON is cut; `content-length` breaks its promise. */
    framing: z.enum(['chunked', 'content-length']).default('chunked'),
  }),
  kind('drip').extend({ pieceBytes: bytes.min(1).default(16_384), everyMs: milliseconds.default(100) }),
  kind('tiny_pieces').extend({ pieceBytes: bytes.min(1).default(64) }),
]);

/** The answer is not what was asked for, or is oddly written. */
const contentFaults = z.discriminatedUnion('kind', [
  kind('ok_empty_data'),
  kind('task').extend({ completeAfterMs: milliseconds.default(2_000) }),
  kind('fewer_images').extend({ missing: bytes.min(1).default(1) }),
  kind('more_images').extend({ extra: bytes.min(1).default(1) }),
  kind('bad_base64'),
  kind('not_an_image'),
  kind('truncated_image'),
  kind('wrong_size').extend({
    /** Default: half of what was asked. */
    width: bytes.min(1).max(4096).optional(),
    height: bytes.min(1).max(4096).optional(),
  }),
  kind('link_not_found').extend({
    /** How many fetches fail before the link works; default: all. */
    fetches: bytes.min(1).optional(),
  }),
  kind('link_cut').extend({ afterBytes: bytes.default(1_000), fetches: bytes.min(1).optional() }),
  kind('link_expired'),
  kind('data_url_prefix'),
  kind('url_and_b64'),
  kind('neither'),
  kind('no_usage'),
  kind('escaped_slashes'),
  kind('pretty_json'),
]);

export const faultSchema = z.discriminatedUnion('kind', [
  ...refusingFaults.options,
  ...replacingFaults.options,
  ...travelFaults.options,
  ...contentFaults.options,
]);

/** A fault as it happens: every parameter decided. */
export type Fault = z.output<typeof faultSchema>;
export type RefusingFault = z.output<typeof refusingFaults>;
export type ReplacingFault = z.output<typeof replacingFaults>;
/** A fault as it is asked for. */
export type FaultInput = z.input<typeof faultSchema>;
export type FaultKind = Fault['kind'];

const kindsOf = (group: { options: readonly { shape: { kind: { value: FaultKind } } }[] }): ReadonlySet<FaultKind> =>
  new Set(group.options.map((option) => option.shape.kind.value));

const refusing = kindsOf(refusingFaults);
const replacing = kindsOf(replacingFaults);

// Each of these groups has one table of its kinds, and the compiler checks that none is missing there.
export const isRefusing = (fault: Fault | null): fault is RefusingFault => fault !== null && refusing.has(fault.kind);
export const isReplacing = (fault: Fault | null): fault is ReplacingFault =>
  fault !== null && replacing.has(fault.kind);
