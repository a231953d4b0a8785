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
/** Said with a mark in the place of each figure. */
const said = (value: unknown): string =>
  typeof value === 'function' ? String((value as (...given: string[]) => unknown)('‹1›', '‹2›')) : String(value);

/** The same in both: names, and what is figures alone. */
const names = new Set(['product', 'webhooks.url', 'gallery.range']);

describe('English and Chinese', () => {
  test('say the same things: no string is missing in either, none is empty', () => {
    expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort());
    const empty = [...english, ...chinese].filter(([, value]) => said(value).trim() === '');
    expect(empty).toEqual([]);
  });

  test('use the same figures', () => {
    for (const [path, value] of english) {
      const marks = (text: string) => [...new Set(text.match(/‹\d›/g) ?? [])].sort();
      expect([path, typeof chinese.get(path), marks(said(chinese.get(path)))]).toEqual([
        path,
        typeof value,
        // “1 line” and “2 lines” differ in English alone.
        marks(said(value)),
      ]);
    }
  });

  test('differ: nothing was left in English', () => {
    const same = [...english].filter(([path, value]) => !names.has(path) && said(value) === said(chinese.get(path)));
    expect(same.map(([path]) => path)).toEqual([]);
    const noHan = [...chinese].filter(([path, value]) => {
      const words = said(value).replaceAll(/‹\d›/g, '');
      return !names.has(path) && /[A-Za-z]{3}/.test(words) && !/\p{Script=Han}/u.test(words);
    });
    expect(noHan.map(([path]) => path)).toEqual(['nav.webhooks', 'webhooks.title']);
  });
});
