import { describe, expect, test } from '@jest/globals';
import { errorTable, type ErrorCode } from '@rendermill/shared/domain/errors';
import { eventTypes } from '@rendermill/shared/domain/events';
import { cannotHelp } from '../src/no-retry.js';
import { en } from '../src/text/en.js';
import { zh } from '../src/text/zh.js';

/** What the page says, in each language. */

/** Every leaf by its path. */
function leaves(words: object, at = ''): Map<string, unknown> {
  return new Map(
    Object.entries(words).flatMap(([name, value]: [string, unknown]) =>
      typeof value === 'object' && value !== null
        ? [...leaves(value, `${at}${name}.`)]
        : [[`${at}${name}`, value] as [string, unknown]],
    ),
  );
}

const english = leaves(en);
const chinese = leaves(zh);
/** Said with these in the place of its figures. */
const said = (value: unknown, ...given: number[]): string =>
  typeof value === 'function' ? String((value as (...figures: number[]) => unknown)(...given)) : String(value);
/** Figures that no text has by itself. */
const marks = [711, 722] as const;

/** The same in both: names, and what is figures alone. */
const names = new Set(['product', 'webhooks.url', 'gallery.range']);

describe('English and Chinese', () => {
  test('say of every event what it tells', () => {
    for (const { webhooks } of [en, zh]) expect(Object.keys(webhooks.about).sort()).toEqual([...eventTypes].sort());
  });

  test('say the same things: no string is missing in either, none is empty', () => {
    expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort());
    const empty = [...english, ...chinese].filter(([, value]) => said(value, ...marks).trim() === '');
    expect(empty).toEqual([]);
  });

  test('use the same figures', () => {
    for (const [path, value] of english) {
      const figures = (words: unknown) => [...new Set(said(words, ...marks).match(/7[12]\d/g) ?? [])].sort();
      expect([path, typeof chinese.get(path), figures(chinese.get(path))]).toEqual([
        path,
        typeof value,
        figures(value),
      ]);
    }
  });

  test('differ: nothing was left in English', () => {
    const same = [...english].filter(
      ([path, value]) => !names.has(path) && said(value, ...marks) === said(chinese.get(path), ...marks),
    );
    expect(same.map(([path]) => path)).toEqual([]);
    const noHan = [...chinese].filter(([path, value]) => {
      const words = said(value, ...marks);
      return !names.has(path) && /[A-Za-z]{3}/.test(words) && !/\p{Script=Han}/u.test(words);
    });
    expect(noHan.map(([path]) => path)).toEqual(['nav.webhooks', 'webhooks.title']);
  });
});

describe('counts', () => {
  test('of one are in the singular, in every sentence that counts', () => {
    const wrong = [...english].map(([path, value]) => `${path}: ${said(value, 1, 1)}`);
    expect(wrong.filter((sentence) => /\b1 (?!its\b|is\b)[a-z]+s\b|\b1 \w+ are\b/.test(sentence))).toEqual([]);
  });

  test('are written as the language writes figures', () => {
    expect(en.failures.lines(12_345)).toBe('12,345 lines');
    expect(en.catalogue.preview.lines(1, 2_000)).toBe('1 row, 2,000 pictures');
    expect(en.catalogue.preview.invalid(1)).toBe('1 row cannot be bought as it is; it will be in the error file.');
    expect(zh.failures.lines(12_345)).toBe('12,345 行');
  });
});

/** What answers requests and never ends a job. */
const answersOnly: readonly ErrorCode[] = [
  // A request that cannot be read, is not allowed or is too much.
  ...(['invalid_json', 'bom', 'duplicate_key', 'forbidden_key', 'too_deep', 'empty_body', 'invalid_utf8'] as const),
  ...(['bad_encoding', 'bad_path', 'bad_http', 'duplicate_header', 'invalid_idempotency_key'] as const),
  ...(['invalid_multipart', 'unknown_field', 'duplicate_field', 'duplicate_parameter', 'too_many_parts'] as const),
  ...(['missing_api_key', 'invalid_api_key', 'insufficient_scope', 'ip_not_allowed', 'rate_limit_exceeded'] as const),
  ...(['not_found', 'method_not_allowed', 'payload_too_large', 'file_too_large', 'unsupported_media_type'] as const),
  ...(['unsupported_charset', 'unsupported_encoding', 'range_not_satisfiable', 'expectation_failed'] as const),
  ...(['idempotency_key_reused', 'missing_file', 'invalid_purpose', 'empty_file'] as const),
  // A thing that cannot be done with it now, and trouble that passes before there is a job.
  ...(['job_not_cancellable', 'job_not_retryable', 'probe_in_progress', 'batch_ended', 'batch_not_running'] as const),
  ...(['job_in_progress', 'redis_unavailable', 'shutting_down', 'secret_unreadable'] as const),
  ...(['endpoint_disabled', 'too_many_endpoints', 'endpoint_test_failed'] as const),
];

describe('advice', () => {
  test('there is about every reason that a job can fail for, and about none that there is not', () => {
    const reasons = Object.keys(errorTable).filter((code) => !answersOnly.some((other) => other === code));
    expect(Object.keys(en.failures.advice).sort()).toEqual(reasons.sort());
    expect(Object.keys(zh.failures.advice).sort()).toEqual(reasons.sort());
  });

  test('a retry is not proposed where the request itself was refused; an address may have been mended', () => {
    const refused = Object.keys(en.failures.advice).filter((code) =>
      [400, 404].includes(errorTable[code as ErrorCode].status),
    );
    const addresses = refused.filter((code) => code.startsWith('image_url_'));
    expect(addresses).toHaveLength(4);
    expect(Object.keys(errorTable).filter(cannotHelp).sort()).toEqual(
      refused.filter((code) => !addresses.includes(code)).sort(),
    );
    for (const code of refused.filter(cannotHelp))
      expect([code, en.failures.advice[code]]).toEqual([code, expect.not.stringMatching(/retry/i)]);
  });
});
