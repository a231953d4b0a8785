import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { nothingTold } from '@rendermill/shared/domain/told-limits';
import { judgeFailure } from '@rendermill/shared/domain/verdicts';
import type { Answer } from '../src/providers/call-provider.js';
import { readAnswer } from '../src/providers/read-answer.js';

/** Answers that real providers gave to other people's programs. */

interface Recording {
  interactions: {
    request: { method: string };
    response: { status: number; headers: Record<string, string>; body: unknown };
  }[];
}

const folder = new URL('./fixtures/recordings/', import.meta.url);
const read = (file: string): unknown => JSON.parse(readFileSync(new URL(file, folder), 'utf8'));

const recorded = readdirSync(folder)
  .filter((file) => file.endsWith('.json') && !file.endsWith('.body.json'))
  .flatMap((file) =>
    (read(file) as Recording).interactions
      .filter(({ request }) => request.method === 'POST')
      .map(({ response }, i) => ({ name: `${file}#${i}`, status: response.status, body: response.body })),
  );

/** As the reader gives it: the base64 of these files is shortened, so each string that is no link stands for its picture. */
function answer(status: number, json: unknown): Answer<string> {
  const blobs: string[] = [];
  const blobIndex = (value: unknown): number | null => {
    if (typeof value !== 'string' || value === '' || value.startsWith('http')) return null;
    blobs.push(value);
    return blobs.length - 1;
  };
  return {
    kind: 'answer',
    status,
    requestId: null,
    retryAfterMs: null,
    told: nothingTold,
    json,
    text: JSON.stringify(json),
    blobs,
    blobIndex,
  };
}

const judged = (status: number, json: unknown, retryAfterMs: number | null = null) =>
  judgeFailure({ status, json, text: typeof json === 'string' ? json : (JSON.stringify(json) ?? ''), retryAfterMs });

describe('a recorded answer', () => {
  const good = recorded.filter(({ status, body }) => status === 200 && JSON.stringify(body).includes('"data"'));

  test.each(good)('$name has as many pictures as its data has entries', ({ status, body }) => {
    const { data } = body as { data: { url?: string; b64_json?: string; revised_prompt?: string }[] };
    const pictures = readAnswer(answer(status, body), 1);
    expect(pictures?.items.map(({ kind }) => kind)).toEqual(data.map(({ b64_json }) => (b64_json ? 'bytes' : 'url')));
    expect(pictures?.items.map(({ revisedPrompt }) => revisedPrompt)).toEqual(
      data.map(({ revised_prompt }) => revised_prompt || null),
    );
  });

  test.each(recorded.filter(({ status }) => status !== 200))(
    '$name is no picture and costs nothing',
    ({ status, body }) => {
      expect(readAnswer(answer(status, body), 1)).toBeNull();
      expect(judged(status, body).outcome).toBe('rejected');
    },
  );

  test('tells its tokens and what it made', () => {
    const { body } = good.find(({ name }) => name.startsWith('openai-images-edit-gptimage2-1536x864')) ?? {};
    expect(readAnswer(answer(200, body), 1)).toMatchObject({
      effective: { size: '1536x864', quality: 'low' },
      usage: { output_tokens: expect.any(Number) },
    });
  });
});

describe('the verdict on a recorded refusal', () => {
  const bodyOf = (start: string, status: number) =>
    recorded.find(({ name, status: found }) => name.startsWith(start) && found === status)?.body;
  test.each([
    ['a wrong key', 401, bodyOf('openai-images-generate-401', 401), 'park', 'provider_unavailable'],
    [
      'an unknown parameter',
      400,
      read('openai-images-400-unknown-parameter-vercel.body.json'),
      'fail',
      'invalid_request',
    ],
    [
      'an input image that the provider cannot fetch',
      400,
      bodyOf('openai-images-edit-400-remote-url-404', 400),
      'fail',
      'invalid_request',
    ],
    [
      'an input image that is none',
      400,
      bodyOf('openai-images-edit-400-remote-url-bad', 400),
      'fail',
      'image_not_supported',
    ],
    ['an empty purse', 429, read('openai-429-insufficient-quota-vercel.body.json'), 'park', 'provider_quota_exhausted'],
  ])('%s', (_what, status, body, next, code) => {
    expect(judged(status, body)).toMatchObject({ outcome: 'rejected', next, code });
  });
});

/** Shapes that relays are known to send, written after the reports of their users. */
describe('the verdict on', () => {
  const error = (fields: Record<string, unknown>) => ({ error: fields });
  test.each([
    [
      'billing hard limit as a 400',
      400,
      error({ code: 'billing_hard_limit_reached', type: 'image_generation_user_error' }),
      'rejected',
      'park',
      'provider_quota_exhausted',
    ],
    ['moderation', 400, error({ code: 'moderation_blocked', param: '' }), 'rejected', 'fail', 'moderation_blocked'],
    [
      'a refusal of the dall-e era',
      400,
      error({ code: 'content_policy_violation' }),
      'rejected',
      'fail',
      'content_policy_violation',
    ],
    [
      'a refusal told by its words only',
      400,
      error({ message: 'Your request was rejected as a result of our safety system.' }),
      'rejected',
      'fail',
      'content_policy_violation',
    ],
    [
      'sensitive words as a 500',
      500,
      error({ code: 'sensitive_words_detected', type: 'new_api_error' }),
      'rejected',
      'fail',
      'content_policy_violation',
    ],
    [
      'a refusal that costs a fee',
      400,
      error({ code: 'violation_fee.grok.csam' }),
      'billed',
      'fail',
      'content_policy_violation',
    ],
    [
      'an empty purse at a relay, 403',
      403,
      error({ code: 'insufficient_user_quota', message: '用户额度不足' }),
      'rejected',
      'park',
      'provider_quota_exhausted',
    ],
    [
      'no channel for the model, 503',
      503,
      error({ code: 'model_not_found', message: '无可用渠道' }),
      'rejected',
      'elsewhere',
      'no_provider_for_model',
    ],
    ['a 403 that does not say why', 403, undefined, 'rejected', 'elsewhere', 'provider_unavailable'],
    [
      'a validation error as a 500',
      500,
      error({ code: 'invalid_request', type: 'new_api_error' }),
      'rejected',
      'fail',
      'invalid_request',
    ],
    [
      'a relay that could not reach its upstream',
      500,
      error({ code: 'do_request_failed' }),
      'rejected',
      'retry',
      'provider_unavailable',
    ],
    [
      'a relay that could not read the answer it got',
      500,
      error({ code: 'bad_response_body' }),
      'unknown',
      'retry',
      'bad_provider_response',
    ],
    [
      'a limit of nothing',
      429,
      error({ code: null, message: 'Rate limit exceeded for images per minute. Limit: 0/1min. Current: 1/1min' }),
      'rejected',
      'park',
      'provider_quota_exhausted',
    ],
    [
      'saturation in Chinese',
      429,
      error({ code: '1302', message: '您的账户已达到速率限制，请您控制请求频率' }),
      'rejected',
      'wait',
      'provider_unavailable',
    ],
    [
      'an error in a 200',
      200,
      error({ code: 'rate_limit_exceeded', message: 'Rate limit reached' }),
      'rejected',
      'wait',
      'provider_unavailable',
    ],
    ['an empty list in a 200', 200, { data: [] }, 'unknown', 'retry', 'bad_provider_response'],
    ['a page of HTML in a 200', 200, undefined, 'unknown', 'retry', 'bad_provider_response'],
    ['an HTML 502', 502, undefined, 'unknown', 'retry', 'outcome_unknown'],
    [
      'a JSON 502 that lost its upstream',
      502,
      error({ message: 'stream disconnected before completion', code: 'internal_server_error' }),
      'unknown',
      'retry',
      'outcome_unknown',
    ],
    [
      'a 502 of the provider itself',
      502,
      error({ message: 'The server had an error', code: 'server_error' }),
      'rejected',
      'retry',
      'provider_unavailable',
    ],
    ['a 504', 504, undefined, 'unknown', 'retry', 'outcome_unknown'],
    ['a 524', 524, undefined, 'unknown', 'retry', 'outcome_unknown'],
    ['a 522', 522, undefined, 'rejected', 'retry', 'provider_unavailable'],
    [
      'FastAPI relays',
      429,
      { detail: { error: 'no available image quota' } },
      'rejected',
      'wait',
      'provider_unavailable',
    ],
  ])('%s', (_what, status, body, outcome, next, code) => {
    expect(judged(status, body)).toMatchObject({ outcome, next, code });
  });

  test.each([
    ['Please try again in 12s.', 12_000],
    ['Please try again in 15ms.', 15],
    ['slow down and try again after 51.81557421875 seconds.', 51_816],
    ['Your quota will reset after 3s.', 3_000],
    ['try again in 2 minutes', 120_000],
    ['no idea', null],
  ])('%p waits for %p ms', (message, waitMs) => {
    expect(judged(429, error({ code: 'rate_limit_exceeded', message })).waitMs).toBe(waitMs);
  });
});
