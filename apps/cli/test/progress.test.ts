import { describe, expect, test } from '@jest/globals';
import type { Batch } from '@rendermill/client';
import { progressLine, Rate } from '../src/batch/progress.js';

const batch = (facts: Partial<Batch> = {}): Batch =>
  ({
    status: 'in_progress',
    progress: 0.25,
    request_counts: { total: 400, completed: 90, failed: 7, cancelled: 3 },
    cost: { actual: 1.5 },
    eta_seconds: null,
    bound_by: 'requests_per_minute',
    paused_at: null,
    ...facts,
  }) as Batch;

const at = (...seen: readonly (readonly [lines: number, seconds: number])[]): Rate => {
  const [[lines, seconds] = [0, 0], ...rest] = seen;
  const rate = new Rate(lines, seconds * 1_000);
  for (const [now, second] of rest) rate.see(now, second * 1_000);
  return rate;
};

describe('the rate', () => {
  test('is told from two seconds on', () => {
    expect(at([0, 0]).perMinute).toBeNull();
    expect(at([0, 0], [5, 1.9]).perMinute).toBeNull();
    expect(at([0, 0], [5, 2]).perMinute).toBe(150);
  });

  test('is that of the last minute, not of all the time', () => {
    const slowThenFast = at([0, 0], [1, 60], [2, 120], [52, 150], [102, 180]);
    expect(slowThenFast.perMinute).toBe(100);
  });

  test('is none of what was there before', () => {
    expect(at([100, 0], [110, 60]).perMinute).toBe(10);
  });
});

describe('the line of a running batch', () => {
  test('has its share, rate, time left, cost and what holds it back', () => {
    expect(progressLine(batch(), at([40, 0], [100, 60]), 200)).toBe(
      '[#####...............] 25 %  100/400  7 failed  60 a minute  5 min left  $1.50 spent  limit: requests a minute',
    );
  });

  test('has the API’s time left where it tells one', () => {
    expect(progressLine(batch({ eta_seconds: 42 }), at([40, 0], [100, 60]), 200)).toContain('  42 s left  ');
  });

  test('has no time left where nothing moves, or it is paused', () => {
    expect(progressLine(batch(), at([100, 0], [100, 60]), 200)).not.toContain('left');
    const paused = batch({ paused_at: 1, bound_by: 'paused' });
    expect(progressLine(paused, at([40, 0], [100, 60]), 200)).toMatch(/\$1\.50 spent {2}paused$/);
  });

  test('leaves out whole parts from the right until the terminal is wide enough', () => {
    const rate = at([40, 0], [100, 60]);
    expect(progressLine(batch(), rate, 80)).toBe(
      '[#####...............] 25 %  100/400  7 failed  60 a minute  5 min left',
    );
    expect(progressLine(batch(), rate, 72)).toContain('5 min left');
    expect(progressLine(batch(), rate, 71)).toBe('[#####...............] 25 %  100/400  7 failed  60 a minute');
    expect(progressLine(batch(), rate, 30)).toBe('[#####...............] 25 %  ');
  });
});
