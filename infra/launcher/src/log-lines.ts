import { isFields, parseFields } from './files.js';

/** The children's log for people: pino's JSON as one short line. */

const levels: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'WARN',
  50: 'ERROR',
  60: 'FATAL',
};
// In its place already, or the same in every line.
const elsewhere = new Set(['time', 'level', 'msg', 'event', 'pid', 'hostname', 'app', 'name', 'service', 'v', 'stack']);
const mostFields = 8;
const longestValue = 80;

/**
 * `14:03:22 info  worker job.attempted job=job_… outcome=billed ms=8123`. What is no JSON object (a crash's stack,
 * a library's own print) is passed on as it stands.
 */
export function compactLine(line: string, from: string): string {
  const record = parseFields(line);
  if (record === null) return `         ${''.padEnd(5)} ${from.padEnd(6)} ${line}`;
  const time =
    typeof record['time'] === 'number' || typeof record['time'] === 'string' ? new Date(record['time']) : new Date();
  const level = typeof record['level'] === 'number' ? (levels[record['level']] ?? '') : text(record['level']);
  const event = [record['event'], record['msg']].filter((part) => typeof part === 'string').join(' ');
  const fields = flatten(record).slice(0, mostFields);
  return [clock(time), level.padEnd(5), from.padEnd(6), event, ...fields].join(' ').trimEnd();
}

/** Scalars as they are; of an error its code and message; other objects and lists are for the JSON log. */
function flatten(record: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(record).flatMap(([key, value]) => {
    if (elsewhere.has(key) || value === null || value === undefined || value === '') return [];
    if (typeof value !== 'object') return [`${key}=${quote(text(value))}`];
    const { code, message } = isFields(value) ? value : {};
    return typeof message === 'string' ? [`${key}=${quote([code, message].filter(Boolean).map(text).join(': '))}`] : [];
  });
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

function quote(value: string): string {
  const short = value.length > longestValue ? `${value.slice(0, longestValue - 1)}…` : value;
  return /[\s"=]/.test(short) ? JSON.stringify(short) : short;
}

function clock(time: Date): string {
  return Number.isNaN(time.getTime()) ? '--:--:--' : time.toTimeString().slice(0, 8);
}
