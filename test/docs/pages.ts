import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The Markdown pages of the repository, and the fenced blocks in them. */
export const root = fileURLToPath(new URL('../..', import.meta.url));
export const readPage = (page: string): string => readFileSync(join(root, page), 'utf8');

// Not by git: the tests run in an unpacked archive too.
const left = /^(\.|(node_modules|dist|coverage|rendermill-demo)$)/;
function under(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (left.test(entry.name)) return [];
    if (entry.isDirectory()) return under(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

export const pages: readonly string[] = under('').sort();

export interface Fence {
  readonly language: string;
  readonly code: string;
}

/** In their order; a block that is indented, in a list, without its indentation. */
export function fencesOf(page: string): Fence[] {
  const found = readPage(page).matchAll(/^( *)```(.*)\n([^]*?)^\1```$/gm);
  return [...found].map(([, indent = '', language = '', code = '']) => ({
    language,
    code: code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  }));
}

/** The one block of a page with this text in it. */
export function fence(page: string, text: string): string {
  const found = fencesOf(page).filter(({ code }) => code.includes(text));
  if (found.length !== 1) throw new Error(`${page} has ${found.length} blocks with ${text}`);
  return found[0]?.code ?? '';
}
