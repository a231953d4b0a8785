import { describe, expect, test } from '@jest/globals';
import type { Attempt } from '@rendermill/shared/domain/attempts';
import { maxTries } from '@rendermill/shared/domain/backoff';
import { refuses, routeOn } from '@rendermill/shared/domain/failover';
import { presets } from '@rendermill/shared/domain/presets/index';
import type { AttemptOutcome } from '@rendermill/shared/domain/attempts';
import type { Verdict } from '@rendermill/shared/domain/verdicts';
import { account } from './accounts.js';

const verdict = (outcome: AttemptOutcome, next: Verdict['next']): Verdict => ({
  outcome,
  next,
  code: 'provider_unavailable',
  message: '',
  waitMs: null,
});

describe('an account refuses a job', () => {
  test.each([
    ['rejected', 'park', 0, true],
    ['rejected', 'elsewhere', 0, true],
    ['rejected', 'retry', maxTries - 2, false],
    ['rejected', 'retry', maxTries - 1, true],
    ['not_sent', 'retry', maxTries - 1, true],
    ['rejected', 'wait', maxTries, false],
    ['rejected', 'fail', maxTries, false],
    ['unknown', 'retry', maxTries, false],
    ['billed', 'retry', maxTries, false],
  ] as const)('by %s, %s after %i tries: %p', (outcome, next, tries, is) => {
    expect(refuses(verdict(outcome, next), tries, false)).toBe(is);
  });

  test('that others could serve after two tries', () => {
    expect([0, 1].map((tries) => refuses(verdict('not_sent', 'retry'), tries, true))).toEqual([false, true]);
    expect(refuses(verdict('unknown', 'retry'), 1, true)).toBe(false);
  });
});

test('a job goes on with as many images a call as before: its cap counts by planned call', () => {
  const error = { message: 'no', type: 'provider_error', param: null, code: 'no_provider_for_model' } as const;
  const refusal = (provider: string, generation: number) =>
    ({ provider, generation, settlement: { refused: true, error } }) as unknown as Attempt;
  const limited = (id: string, maxImagesPerCall: number) =>
    account({}, { id, preset: { ...presets.openai, maxImagesPerCall } });
  const accounts = [limited('a', 1), limited('b', 10)];
  const job = { model: 'm', type: 'generation', mode: 'live', provider: null, generation: 2 } as const;
  const request = { prompt: 'x', n: 4 };
  const on = (attempts: Attempt[]) =>
    routeOn(accounts, { ...job, inputs: [], mask: null, request, attempts }, 'priority');
  expect(on([refusal('a', 1)])).toMatchObject({ accounts: ['a', 'b'], images: 1 });
  expect(on([refusal('a', 2)])).toMatchObject({ accounts: ['b'], images: 1 });
  expect(on([refusal('a', 2), refusal('b', 2)])).toBe(error);
});
