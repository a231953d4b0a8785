import { Refusal } from '../requests/refusal.js';
import type { RefusingFault } from './kinds.js';

/** The errors that providers and relays answer, word for word where they are known. */

/** What an error's text mentions. */
interface Call {
  readonly model: string;
  readonly requestId: string;
  readonly key: string | null;
}

/** `1.2s`, as OpenAI's messages tell a wait. */
export function seconds(ms: number): string {
  return ms < 1_000 ? `${Math.ceil(ms)}ms` : `${Math.ceil(ms / 100) / 10}s`;
}

interface RateLimit {
  /** What was reached. */
  readonly detail: string;
  /** The bucket that was empty, which OpenAI gives as the error's type. */
  readonly type: string;
  /** Null: not told. */
  readonly retryAfterMs: number | null;
  /** Whether Retry-After tells it too. */
  readonly retryAfterHeader: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

export function rateLimited({ detail, type, retryAfterMs, retryAfterHeader, headers }: RateLimit): Refusal {
  const again = retryAfterMs === null ? '' : ` Please try again in ${seconds(retryAfterMs)}.`;
  const visit = ' Visit https://platform.openai.com/account/rate-limits to learn more.';
  const told = retryAfterHeader && retryAfterMs !== null;
  return new Refusal(429, `${detail}.${again}${visit}`, {
    type,
    code: 'rate_limit_exceeded',
    headers: { ...headers, ...(told && { 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) }) },
  });
}

/** Relays of the new-api family: empty param, their own type, the request id at the end of the message. */
function newApi(status: number, message: string, code: string, { requestId }: Call): Refusal {
  return new Refusal(status, `${message} (request id: ${requestId})`, {
    type: 'new_api_error',
    param: '',
    code,
    headers: { 'x-oneapi-request-id': requestId },
  });
}

const outOfQuota =
  'You exceeded your current quota, please check your plan and billing details. For more information on this error, ' +
  'read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.';

/** One row for each kind; the compiler misses none. */
const refusals: { [K in RefusingFault['kind']]: (fault: Extract<RefusingFault, { kind: K }>, call: Call) => Refusal } =
  {
    rate_limited: ({ retryAfterMs, header }, { model }) => {
      const limit = `Rate limit reached for ${model} (for limit gpt-image) in organization org-simulator`;
      const detail = `${limit} on input-images per min: Limit 5, Used 5, Requested 1`;
      return rateLimited({ detail, type: 'input-images', retryAfterMs, retryAfterHeader: header });
    },
    insufficient_quota: () => new Refusal(429, outOfQuota, { type: 'insufficient_quota', code: 'insufficient_quota' }),
    billing_hard_limit_reached: () =>
      new Refusal(400, 'Billing hard limit has been reached.', { code: 'billing_hard_limit_reached' }),
    invalid_api_key: (_fault, { key }) => invalidApiKey(key),
    insufficient_user_quota: (_fault, call) =>
      newApi(403, '用户额度不足, 剩余额度: ＄0.002000', 'insufficient_user_quota', call),
    model_not_found: ({ status }, call) =>
      status === 503
        ? newApi(503, `分组 default 下模型 ${call.model} 无可用渠道（distributor）`, 'model_not_found', call)
        : new Refusal(404, `The model '${call.model}' does not exist or you do not have access to it.`, {
            code: 'model_not_found',
          }),
    moderation_blocked: ({ stage, categories }, { requestId }) =>
      new Refusal(
        400,
        'Your request was rejected by the safety system. If you believe this is an error, contact us at help.openai.com ' +
          `and include the request ID ${requestId}. safety_violations=[${categories.join(', ')}].`,
        {
          type: 'image_generation_user_error',
          code: 'moderation_blocked',
          more: { moderation_details: { moderation_stage: stage, categories } },
        },
      ),
    content_policy_violation: () =>
      new Refusal(
        400,
        'Your request was rejected as a result of our safety system. Your prompt may contain text that is not allowed ' +
          'by our safety system.',
        { code: 'content_policy_violation' },
      ),
    server_error: (_fault, { requestId }) =>
      new Refusal(
        500,
        'The server had an error processing your request. Sorry about that! Please include the request ID ' +
          `${requestId} in your message.`,
        { type: 'server_error', code: 'server_error' },
      ),
    json_503: () => new Refusal(503, 'Slow Down', { type: 'server_error', code: 'slow_down' }),
  };

/** The answer of a fault that refuses. */
export function refusalOf<K extends RefusingFault['kind']>(
  fault: { [P in K]: { readonly kind: P } & Extract<RefusingFault, { kind: P }> }[K],
  call: Call,
): Refusal {
  return refusals[fault.kind](fault, call);
}

export function invalidApiKey(key: string | null): Refusal {
  if (key === null) {
    return new Refusal(401, "You didn't provide an API key. Send it in an Authorization header: Bearer YOUR_KEY.", {
      code: 'invalid_api_key',
    });
  }
  const hidden = `${key.slice(0, 3)}***${key.slice(-4)}`;
  return new Refusal(401, `Incorrect API key provided: ${hidden}.`, { code: 'invalid_api_key' });
}
