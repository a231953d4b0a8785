import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from '@jest/globals';
import { pages, readPage, root } from './pages.js';

/** The pages that people read: each link in them leads somewhere, and the index of docs leaves none out. */
const inDocs = pages.filter((page) => page.startsWith('docs/'));

const prose = (page: string): string =>
  readPage(page)
    .replaceAll(/^( *)```.*?^\1```$/gms, '')
    .replaceAll(/`[^`\n]*`/g, (code) => code.replaceAll(/[[\]]/g, ' '));

/** A heading as the address of its place, as GitHub makes it. */
const anchor = (heading: string): string =>
  heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');

const anchorsOf = (page: string): string[] =>
  [...readPage(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchor(heading));

const linksOf = (page: string): string[] =>
  [...prose(page).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, link = '']) => link);

test.each(pages)('every link of %s leads to a file and a heading that are there', (page) => {
  const dead = linksOf(page).filter((link) => {
    const [path = '', place] = link.split('#');
    const target = path === '' ? page : relative(root, join(root, dirname(page), path));
    if (!existsSync(join(root, target))) return true;
    return place !== undefined && target.endsWith('.md') && !anchorsOf(target).includes(place);
  });
  expect(dead).toEqual([]);
});

test('docs/README.md links to every page of docs', () => {
  const named = new Set(linksOf('docs/README.md').map((link) => join('docs', link.split('#')[0] ?? '')));
  const asked = inDocs.filter((page) => page !== 'docs/README.md' && !/^docs\/decisions\/\d|dependencies/.test(page));
  expect(asked.filter((page) => !named.has(page))).toEqual([]);
});
