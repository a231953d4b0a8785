/**
 * The one error class that reaches a user, and the table that says what HTTP answer each code is.
 *
 * Codes are stable: clients branch on them. `retry` tells a client (and our own headers) whether the same
 * request can ever succeed: OpenAI's SDKs retry 409, 429 and every 5xx unless `x-should-retry: false` says no.
 */
type ErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'permission_error'
  | 'not_found_error'
  | 'idempotency_error'
  | 'rate_limit_error'
  | 'insufficient_quota'
  | 'image_generation_user_error'
  | 'provider_error'
  | 'server_error';

interface ErrorRow {
  readonly status: number;
  readonly type: ErrorType;
  readonly retry: boolean;
}

const row = (status: number, type: ErrorType, retry = false): ErrorRow => ({ status, type, retry });

/** Every code that an answer or a failed job can carry. */
export const errorTable = {
  // The request itself.
  invalid_json: row(400, 'invalid_request_error'),
  bom: row(400, 'invalid_request_error'),
  duplicate_key: row(400, 'invalid_request_error'),
  forbidden_key: row(400, 'invalid_request_error'),
  too_deep: row(400, 'invalid_request_error'),
  array_too_long: row(400, 'invalid_request_error'),
  number_out_of_range: row(400, 'invalid_request_error'),
  empty_body: row(400, 'invalid_request_error'),
  invalid_utf8: row(400, 'invalid_request_error'),
  bad_encoding: row(400, 'invalid_request_error'),
  bad_path: row(400, 'invalid_request_error'),
  bad_http: row(400, 'invalid_request_error'),
  duplicate_header: row(400, 'invalid_request_error'),
  invalid_parameter: row(400, 'invalid_request_error'),
  unknown_parameter: row(400, 'invalid_request_error'),
  missing_required_parameter: row(400, 'invalid_request_error'),
  invalid_idempotency_key: row(400, 'invalid_request_error'),
  invalid_multipart: row(400, 'invalid_request_error'),
  unknown_field: row(400, 'invalid_request_error'),
  duplicate_field: row(400, 'invalid_request_error'),
  duplicate_parameter: row(400, 'invalid_request_error'),
  too_many_parts: row(400, 'invalid_request_error'),
  invalid_request: row(400, 'invalid_request_error'),
  invalid_size: row(400, 'invalid_request_error'),
  missing_api_key: row(401, 'authentication_error'),
  invalid_api_key: row(401, 'authentication_error'),
  insufficient_scope: row(403, 'permission_error'),
  ip_not_allowed: row(403, 'permission_error'),
  rate_limit_exceeded: row(429, 'rate_limit_error', true),
  not_found: row(404, 'not_found_error'),
  model_not_found: row(404, 'invalid_request_error'),
  method_not_allowed: row(405, 'invalid_request_error'),
  payload_too_large: row(413, 'invalid_request_error'),
  file_too_large: row(413, 'invalid_request_error'),
  unsupported_media_type: row(415, 'invalid_request_error'),
  unsupported_charset: row(415, 'invalid_request_error'),
  unsupported_encoding: row(415, 'invalid_request_error'),
  range_not_satisfiable: row(416, 'invalid_request_error'),
  expectation_failed: row(417, 'invalid_request_error'),
  idempotency_key_reused: row(422, 'idempotency_error'),
  // Files.
  missing_file: row(400, 'invalid_request_error'),
  invalid_purpose: row(400, 'invalid_request_error'),
  empty_file: row(400, 'invalid_request_error'),
  // A catalogue: its file, or one of its rows.
  invalid_csv: row(400, 'invalid_request_error'),
  file_not_found: row(400, 'invalid_request_error'),
  // Input images and masks.
  missing_image: row(400, 'invalid_request_error'),
  empty_image: row(400, 'invalid_request_error'),
  invalid_image: row(400, 'invalid_request_error'),
  unsupported_image_format: row(400, 'invalid_request_error'),
  animated_image: row(400, 'invalid_request_error'),
  image_too_large: row(400, 'invalid_request_error'),
  image_too_small: row(400, 'invalid_request_error'),
  too_many_images: row(400, 'invalid_request_error'),
  too_many_masks: row(400, 'invalid_request_error'),
  invalid_mask: row(400, 'invalid_request_error'),
  mask_size_mismatch: row(400, 'invalid_request_error'),
  image_url_unreachable: row(400, 'invalid_request_error'),
  image_url_blocked: row(400, 'invalid_request_error'),
  image_url_too_large: row(400, 'invalid_request_error'),
  image_url_timeout: row(400, 'invalid_request_error'),
  image_file_not_found: row(400, 'invalid_request_error'),
  image_not_supported: row(400, 'invalid_request_error'),
  // What the provider says about the request.
  moderation_blocked: row(400, 'image_generation_user_error'),
  content_policy_violation: row(400, 'invalid_request_error'),
  // An estimate that nobody can make.
  price_unknown: row(422, 'invalid_request_error'),
  // The job's end, other than by its own fault.
  budget_exceeded: row(402, 'insufficient_quota'),
  deadline_exceeded: row(409, 'invalid_request_error'),
  cancelled: row(409, 'invalid_request_error'),
  job_not_cancellable: row(409, 'invalid_request_error'),
  job_not_retryable: row(409, 'invalid_request_error'),
  probe_in_progress: row(409, 'invalid_request_error', true),
  batch_ended: row(409, 'invalid_request_error'),
  batch_not_running: row(409, 'invalid_request_error'),
  provider_quota_exhausted: row(503, 'provider_error'),
  no_provider_for_model: row(503, 'provider_error'),
  bad_provider_response: row(502, 'provider_error'),
  provider_unavailable: row(502, 'provider_error'),
  result_url_expired: row(502, 'provider_error'),
  outcome_unknown: row(502, 'provider_error'),
  storage_denied: row(500, 'server_error'),
  worker_crash: row(500, 'server_error'),
  // Passing trouble of our own: the same request may well succeed.
  job_in_progress: row(503, 'server_error', true),
  redis_unavailable: row(503, 'server_error', true),
  storage_unavailable: row(503, 'server_error', true),
  shutting_down: row(503, 'server_error', true),
  // Only who runs the installation can help.
  secret_unreadable: row(503, 'server_error'),
  endpoint_disabled: row(409, 'invalid_request_error'),
  too_many_endpoints: row(409, 'invalid_request_error'),
  endpoint_test_failed: row(400, 'invalid_request_error'),
  internal_error: row(500, 'server_error', true),
} as const satisfies Record<string, ErrorRow>;

/** A stable machine-readable reason. */
export type ErrorCode = keyof typeof errorTable;

/** An error meant for the person or program at the other end; its message says what to do. */
export class RendermillError extends Error {
  readonly code: ErrorCode;
  /** The request parameter at fault, or null. */
  readonly param: string | null;
  /** How long to wait before the same request again, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { param?: string | null; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'RendermillError';
    this.code = code;
    this.param = options.param ?? null;
    this.retryAfterMs = options.retryAfterMs;
  }

  get status(): number {
    return errorTable[this.code].status;
  }

  get type(): ErrorType {
    return errorTable[this.code].type;
  }

  get retry(): boolean {
    return errorTable[this.code].retry;
  }
}

/** What a failed job, attempt or event carries: OpenAI's four keys. */
export interface ErrorBody {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: ErrorCode;
}

/** The body of an error, from the error. */
export function errorBody(error: RendermillError): ErrorBody {
  return { message: error.message, type: error.type, param: error.param, code: error.code };
}

/** The body of an error, from its code; for failures that never were an exception. */
export function errorBodyOf(code: ErrorCode, message: string, param: string | null = null): ErrorBody {
  return { message, type: errorTable[code].type, param, code };
}

/** Anything thrown, as an Error: JavaScript lets people throw strings and nulls. */
export function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  return new Error(typeof thrown === 'string' ? thrown : `thrown: ${JSON.stringify(thrown) ?? String(thrown)}`);
}
