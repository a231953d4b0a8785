import type { AttemptOutcome } from './attempts.js';
import type { ErrorCode } from './errors.js';
import { clip } from './text.js';

/**
 * What a provider's answer means: what the attempt came to, and what to do next. Judged by error code and message
 * first, by status last: relays rewrite types, answer validation faults with 500, "no such model" with 503 and an
 * empty purse with 403.
 */
export interface Verdict {
  readonly outcome: AttemptOutcome;
  readonly next:
    /** The account wants a pause: the job is not at fault and loses nothing. */
    | 'wait'
    /** The same call may succeed later. */
    | 'retry'
    /** The same call may succeed now, without a parameter that the account does not know. */
    | 'again'
    /** Nothing but a person at the provider's console helps this account: no job is sent there for a while. */
    | 'park'
    /** This account does not serve such a request; another may. */
    | 'elsewhere'
    /** The request will never succeed. */
    | 'fail';
  /** What the job fails with, if it comes to that. */
  readonly code: ErrorCode;
  readonly message: string;
  /** How long the provider asks to wait, in milliseconds; null where it does not say. */
  readonly waitMs: number | null;
}

/** A provider's answer that is no picture, as far as it could be read. */
export interface FailedAnswer {
  readonly status: number;
  /** Parsed body, or undefined where it is not JSON. */
  readonly json: unknown;
  /** The body's text, cut. */
  readonly text: string;
  /** From `retry-after-ms` or `retry-after`. */
  readonly retryAfterMs: number | null;
}

interface Described {
  readonly code: string;
  readonly type: string;
  readonly message: string;
  /** The parameter at fault, where it says which. */
  readonly param: string;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const asText = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';

/** The error in a body, whichever of the many shapes it has. */
export function describeError(json: unknown): Described | null {
  if (!isObject(json)) return null;
  const inner = [
    json['error'],
    json['detail'],
    isObject(json['response']) ? json['response']['error'] : undefined,
    json['header'],
    chatMessage(json),
    json,
  ];
  for (const candidate of inner) {
    if (typeof candidate === 'string' && candidate !== '') return { code: '', type: '', message: candidate, param: '' };
    if (!isObject(candidate)) continue;
    if (isObject(candidate['error']) || typeof candidate['error'] === 'string') return describeError(candidate);
    const message = asText(candidate['message'] ?? candidate['msg'] ?? candidate['err'] ?? candidate['error_msg']);
    const code = asText(candidate['code']);
    if (message !== '' || code !== '')
      return { code, type: asText(candidate['type']), message, param: asText(candidate['param']) };
  }
  return null;
}

/** What a chat model said in the place of a picture. */
function chatMessage(json: Record<string, unknown>): unknown {
  const choice: unknown = Array.isArray(json['choices']) ? json['choices'][0] : undefined;
  return isObject(choice) && isObject(choice['message']) ? choice['message']['content'] : undefined;
}

/** "try again in 12s", "in 15ms", "after 51.8 seconds", "reset after 3s": milliseconds, or null. */
export function waitInMessage(message: string): number | null {
  const match =
    /(?:try again|retry|reset)[^.]{0,40}?\b(?:in|after)\s+([\d.]+)\s*(ms|milliseconds?|s|sec(?:onds?)?|m(?:in(?:utes?)?)?)\b/i.exec(
      message,
    );
  if (!match) return null;
  const value = Number(match[1]);
  const unit = (match[2] ?? 's').toLowerCase();
  if (Number.isNaN(value)) return null;
  if (unit.startsWith('ms') || unit.startsWith('milli')) return Math.ceil(value);
  return Math.ceil(value * (unit.startsWith('m') ? 60_000 : 1_000));
}

type Rule = Pick<Verdict, 'outcome' | 'next' | 'code'>;
const rejected = (next: Verdict['next'], code: ErrorCode): Rule => ({ outcome: 'rejected', next, code });
const unknown = (code: ErrorCode): Rule => ({ outcome: 'unknown', next: 'retry', code });

/** By the provider's own error code. */
const byCode: readonly (readonly [RegExp, Rule])[] = [
  [/^violation_fee\b/, { outcome: 'billed', next: 'fail', code: 'content_policy_violation' }],
  [/^moderation_blocked$/, rejected('fail', 'moderation_blocked')],
  [
    /^(image_)?content_policy_violation$|^sensitive_words_detected$|^prompt_blocked$|^content_filter$/,
    rejected('fail', 'content_policy_violation'),
  ],
  [
    /^insufficient_(user_)?quota$|^pre_consume_token_quota_failed$|^billing_hard_limit_reached$/,
    rejected('park', 'provider_quota_exhausted'),
  ],
  [/^invalid_api_key$|^account_deactivated$/, rejected('park', 'provider_unavailable')],
  [/^model_not_found$/, rejected('elsewhere', 'no_provider_for_model')],
  // A relay without the route: nothing was sent on.
  [/^api_not_implemented$/, rejected('elsewhere', 'no_provider_for_model')],
  [
    /^(invalid_image(_format|_file|_mode|_url)?|invalid_base64_image|image_too_(large|small)|image_parse_error|image_file_too_large|unsupported_image_media_type|empty_image_file|failed_to_download_image|image_file_not_found)$/,
    rejected('fail', 'image_not_supported'),
  ],
  [
    /^(unknown_parameter|invalid_value|invalid_request|missing_required_parameter|unsupported_\w+|invalid_size|invalid_type|string_above_max_length)$/,
    rejected('fail', 'invalid_request'),
  ],
  [/^(do_request_failed|get_channel_failed|channel:)/, rejected('retry', 'provider_unavailable')],
  // The relay had an answer and could not read it: it may well have been billed.
  [/^(bad_response_body|read_response_body_failed|empty_response)$/, unknown('bad_provider_response')],
  [/^rate_limit_exceeded$/, rejected('wait', 'provider_unavailable')],
];

/** By message, for providers without codes. */
const byMessage: readonly (readonly [RegExp, Rule])[] = [
  [
    /rejected (by|as a result of) (the|our) safety system|content policy|违反.{0,12}(政策|规定)|内容政策/i,
    rejected('fail', 'content_policy_violation'),
  ],
  // A limit of nothing: waiting never helps.
  [/\blimit:?\s*0\b(?!\.)/i, rejected('park', 'provider_quota_exhausted')],
  [/exceeded your current quota|额度不足|余额不足|insufficient balance/i, rejected('park', 'provider_quota_exhausted')],
  [/invalid image file or mode|unsupported mimetype/i, rejected('fail', 'image_not_supported')],
  [
    /rate limit|速率限制|请求数限制|负载已饱和|too many requests|exhausted your capacity/i,
    rejected('wait', 'provider_unavailable'),
  ],
];

const gateway = /disconnect|upstream|stream|timed? ?out|forward/i;

function byStatus(status: number, described: Described | null): Rule {
  if (status === 401) return rejected('park', 'provider_unavailable');
  if (status === 402) return rejected('park', 'provider_quota_exhausted');
  // Without a code that says more: a region, a model, a word in the prompt. One request must not park an account.
  if (status === 403) return rejected('elsewhere', 'provider_unavailable');
  if (status === 404 || status === 405 || status === 501) return rejected('elsewhere', 'no_provider_for_model');
  if (status === 429) return rejected('wait', 'provider_unavailable');
  if (status === 408 || status === 409 || status === 425) return rejected('retry', 'provider_unavailable');
  if (status >= 400 && status < 500) return rejected('fail', 'invalid_request');
  if (status === 500 || status === 503) return rejected('retry', 'provider_unavailable');
  // Cloudflare could not reach its origin: nothing was rendered.
  if ([521, 522, 523, 525, 526, 530].includes(status)) return rejected('retry', 'provider_unavailable');
  // A provider that says "server error" itself has not rendered; a gateway that lost its upstream does not know.
  if (status === 502 && described !== null && !gateway.test(described.message))
    return rejected('retry', 'provider_unavailable');
  return unknown(status >= 500 ? 'outcome_unknown' : 'bad_provider_response');
}

/** The verdict on an answer that is no picture. */
export function judgeFailure(answer: FailedAnswer): Verdict {
  const described = describeError(answer.json);
  const code = described?.code || '';
  const message = described?.message ?? '';
  const rule =
    byCode.find(([pattern]) => pattern.test(code))?.[1] ??
    (answer.status === 429 && described?.type === 'insufficient_quota'
      ? rejected('park', 'provider_quota_exhausted')
      : undefined) ??
    byMessage.find(([pattern]) => pattern.test(message))?.[1] ??
    byStatus(answer.status, described);
  // A code in a 200 is an error that a relay has repacked; a 200 without one is no answer at all.
  const excerpt = message || answer.text.replaceAll(/\s+/g, ' ').trim();
  return {
    ...rule,
    message: `the provider answered ${answer.status}${code ? ` ${code}` : ''}${excerpt ? `: ${clip(excerpt, 500)}` : ''}`,
    waitMs: answer.retryAfterMs ?? waitInMessage(message),
  };
}

/** How a call ended without an answer that could be read to its end. */
export interface TransportFailure {
  /** True once any byte of the request was handed to a connection. */
  readonly sent: boolean;
  /** Of the answer, where its head arrived. */
  readonly status: number | null;
  readonly why: 'connect' | 'timeout' | 'reset' | 'truncated' | 'bad_base64' | 'too_large' | 'disk';
  readonly message: string;
}

/** The verdict on a call that broke off. Before the first byte nothing was bought; after it nobody knows. */
export function judgeTransport(failure: TransportFailure): Verdict {
  const { sent, why, message } = failure;
  if (!sent) return { outcome: 'not_sent', next: 'retry', code: 'provider_unavailable', message, waitMs: null };
  // A picture that came damaged was made, and billed.
  const spoiled = failure.status === 200 && why !== 'reset' && why !== 'timeout' && why !== 'disk';
  return {
    outcome: spoiled ? 'billed' : 'unknown',
    next: 'retry',
    code: spoiled ? 'bad_provider_response' : 'outcome_unknown',
    message,
    waitMs: null,
  };
}
