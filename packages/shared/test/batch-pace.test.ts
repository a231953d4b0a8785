import { expect, test } from '@jest/globals';
import { nextPace } from '@rendermill/shared/domain/batch-pace';

/** By which two marks a batch's rate is told. */

const at = (pace: readonly { at: number; done: number }[], done: number) => ({
  pace,
  completed: done,
  failed: 0,
  cancelled: 0,
});
const mark = (seconds: number, done: number) => ({ at: seconds * 1_000, done });

test('the marks move on after fifteen seconds in which enough has ended, and not before', () => {
  expect(nextPace(at([], 0), 1_000)).toEqual([mark(1, 0), mark(1, 0)]);
  const begun = [mark(1, 0), mark(1, 0)];
  expect(nextPace(at(begun, 30), 15_999)).toBeNull();
  expect(nextPace(at(begun, 30), 16_000)).toEqual([mark(1, 0), mark(16, 30)]);
  // Of a slow batch the two marks lie as far apart as three lines take.
  expect(nextPace(at([mark(1, 0), mark(16, 30)], 32), 300_000)).toBeNull();
  expect(nextPace(at([mark(1, 0), mark(16, 30)], 33), 300_000)).toEqual([mark(16, 30), mark(300, 33)]);
});

test('a retry, which takes lines back, is timed anew', () => {
  expect(nextPace(at([mark(1, 0), mark(16, 30)], 20), 20_000)).toEqual([mark(20, 20), mark(20, 20)]);
});
