import { expect, test } from '@jest/globals';
import { newsOf } from '@rendermill/shared/domain/account-news';
import { nothingTold } from '@rendermill/shared/domain/told-limits';
import { judgeFailure } from '@rendermill/shared/domain/verdicts';

/** What an answer is about: one model of the account, or all that it sells. */
const limit = 'Rate limit reached for gpt-image-1 (for limit gpt-image) in organization org-x on images per min: Limit';

test.each([
  ['a limit where models are counted apart', true, 429, 'rate_limit_exceeded', 'Too many requests.', 'model'],
  ['a limit that names the model', false, 429, 'rate_limit_exceeded', `${limit} 5, Used 5, Requested 1.`, 'model'],
  ['a limit of nothing that names the model', true, 429, '', `${limit} 0, Used 0, Requested 1.`, 'model'],
  ['a limit of the key', false, 429, '', '您已达到请求数限制：1分钟内最多请求5次', 'account'],
  ['a purse', true, 429, 'insufficient_quota', 'You exceeded your current quota, please check your plan.', 'account'],
  ['a purse of the model', false, 403, 'insufficient_user_quota', 'quota of gpt-image-1 is used up', 'model'],
  ['a purse of another model', false, 403, 'insufficient_user_quota', 'quota of gpt-image-1.5 is used up', 'account'],
  ['a dead key', true, 401, 'invalid_api_key', 'Incorrect API key provided.', 'account'],
  ['a failure that names the model', true, 500, '', 'gpt-image-1 is not well', 'account'],
] as const)('%s (models apart: %p; %i %s)', (_what, limitsPerModel, status, code, message, about) => {
  const verdict = judgeFailure({ status, json: { error: { code, message } }, text: '', retryAfterMs: null });
  const called = { preset: { limitsPerModel }, model: 'gpt-image-1' };
  expect(newsOf(verdict, nothingTold, called, false, () => 0).about).toBe(about);
});

test.each([true, false])(
  'limits in headers are about the model where models are counted apart: %p',
  (limitsPerModel) => {
    const called = { preset: { limitsPerModel }, model: 'gpt-image-1' };
    const { told } = newsOf(null, { perMinute: 5, usedUpForMs: 0 }, called, false, () => 0);
    expect(told).toEqual({ perMinute: 5, usedUpForMs: 0, about: limitsPerModel ? 'model' : 'account' });
  },
);
