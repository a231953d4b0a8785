import { expect, test } from '@jest/globals';
import { compactLine } from '../src/log-lines.js';

const time = new Date(2026, 10, 21, 14, 3, 22).getTime();
const line = (record: object) => compactLine(JSON.stringify({ time, pid: 1, hostname: 'h', ...record }), 'worker');

test('a log line becomes time, level, source, event and its scalars', () => {
  const record = { level: 30, event: 'job.attempted', job: 'job_1', ms: 8123, billed: true, none: null, list: [1] };
  expect(line(record)).toBe('14:03:22 info  worker job.attempted job=job_1 ms=8123 billed=true');
  expect(line({ level: 'warn', msg: 'slow' })).toBe('14:03:22 warn  worker slow');
});

test('long values are cut, values with spaces quoted, errors told by code and message', () => {
  const text = line({
    level: 50,
    msg: 'failed',
    prompt: 'x'.repeat(100),
    why: 'no room',
    err: { code: 'E1', message: 'it broke', stack: 's' },
  });
  expect(text).toBe(`14:03:22 ERROR worker failed prompt=${'x'.repeat(79)}… why="no room" err="E1: it broke"`);
});

test.each(['    at main.ts:1', '{"cut": ', '[1]', ''])(
  'what is no log record is passed on as it stands: %j',
  (text) => {
    expect(compactLine(text, 'api')).toBe(`               api    ${text}`);
  },
);
