import { describe, expect, test } from '@jest/globals';
import { durationMs, readToldLimits } from '@rendermill/shared/domain/told-limits';

describe('a duration in a header', () => {
  test.each([
    ['1s', 1_000],
    ['6m0s', 360_000],
    ['20ms', 20],
    ['1h2m3.5s', 3_723_500],
    ['12', 12_000],
    ['', null],
    ['soon', null],
    ['-3s', null],
  ])('%p is %p ms', (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });
});

describe('x-ratelimit headers', () => {
  const read = (limit: string | null, remaining: string | null, reset: string | null, elapsedMs = 0) => {
    const [l, r, t] = ['limit', 'remaining', 'reset'].map((part) => `x-ratelimit-${part}-requests`);
    const headers = new Map([
      [l, limit],
      [r, remaining],
      [t, reset],
    ]);
    return Object.values(readToldLimits((name) => headers.get(name) ?? null, elapsedMs));
  };
  test.each([
    ['are not there', [null, null, null], 0, [0, 0]],
    ['leave some', ['60', '3', '57s'], 0, [60, 0]],
    ['leave none', ['60', '0', '57s'], 0, [60, 57_000]],
    ['leave none for a time that began with the request', ['60', '0', '57s'], 50_000, [60, 7_000]],
    ['leave none for a time that is over', ['60', '0', '57s'], 90_000, [60, 0]],
    ['leave none for a day', ['60', '0', '24h0m0s'], 0, [60, 600_000]],
    ['leave none, nobody knows for how long', ['60', '0', null], 0, [60, 0]],
    ['are not numbers', ['many', '', 'x'], 0, [0, 0]],
    ['are no limit', ['-1', '5', '1s'], 0, [0, 0]],
  ] as const)('that %s', (_what, [limit, remaining, reset], elapsedMs, told) => {
    expect(read(limit, remaining, reset, elapsedMs)).toEqual(told);
  });
});
