import { describe, expect, test } from '@jest/globals';
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
    expect(wrong.filter((sentence) => /\b1 (?!its\b)[a-z]+s\b|\b1 \w+ are\b/.test(sentence))).toEqual([]);
  });

  test('are written as the language writes figures', () => {
    expect(en.failures.lines(12_345)).toBe('12,345 lines');
    expect(en.catalogue.preview.lines(1, 2_000)).toBe('1 row, 2,000 pictures');
    expect(en.catalogue.preview.invalid(1)).toBe('1 row cannot be bought as it is; it will be in the error file.');
    expect(zh.failures.lines(12_345)).toBe('12,345 行');
  });
});
