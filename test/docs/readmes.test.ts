import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

/** README.md in English and in Chinese: what one says, the other says. Their commands are run from the English one. */
const read = (name: string): string => readFileSync(fileURLToPath(new URL(`../../${name}`, import.meta.url)), 'utf8');
const [english, chinese] = [read('README.md'), read('README.zh-CN.md')];

const blocks = (text: string): string[] => [...text.matchAll(/^```\w+\n.*?^```$/gms)].map(([block]) => block);
const without = (text: string): string => text.replaceAll(/^```\w+\n.*?^```$/gms, '');
const count = (text: string, pattern: RegExp): number => [...without(text).matchAll(pattern)].length;
const links = (text: string): string[] =>
  [...without(text).matchAll(/\]\(([^)]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !link.startsWith('README'));

test('both have the same blocks of code, in the same order', () => {
  expect(blocks(chinese)).toEqual(blocks(english));
  expect(blocks(english).length).toBeGreaterThan(5);
});

test('both have as many headings and points, the same links, and the same words of code', () => {
  for (const pattern of [/^#+ /gm, /^- /gm]) expect(count(chinese, pattern)).toBe(count(english, pattern));
  expect([...new Set(links(chinese))].sort()).toEqual([...new Set(links(english))].sort());
  const code = (text: string): string[] => [...without(text).matchAll(/`[^`\n]+`/g)].map(([word]) => word).sort();
  expect(code(chinese)).toEqual(code(english));
});

test('each leads to the other', () => {
  expect(english).toContain('[简体中文](README.zh-CN.md)');
  expect(chinese).toContain('[English](README.md)');
});
