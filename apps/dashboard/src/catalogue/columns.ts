import type { Column } from './head';

/** How Liquid calls a column, and which columns a template calls. */

export function insertOf(column: string, filter = ''): string {
  const name = /^[A-Za-z_]\w*$/.test(column) ? column : `row[${JSON.stringify(column)}]`;
  return `{{ ${name}${filter} }}`;
}

/** The first that fits the first pattern that any fits. */
export function findColumn(columns: readonly Column[], ...patterns: readonly RegExp[]): string | undefined {
  return patterns.flatMap((pattern) => columns.find(({ name }) => pattern.test(name))?.name ?? [])[0];
}

/** A column whose cells are addresses of pictures. */
export function pictureColumn(columns: readonly Column[]): string | undefined {
  const withUrls = columns.filter(
    ({ samples }) => samples.length > 0 && samples.every((cell) => /^https?:\/\//i.test(cell)),
  );
  const isPicture = ({ name, samples }: Column): boolean =>
    /image|picture|photo|img|图/i.test(name) || samples.every((cell) => /\.(png|jpe?g|webp|gif|avif)\b/i.test(cell));
  return withUrls.find(isPicture)?.name;
}

/** Columns whose cells are sizes of pictures. */
export function sizeColumns(columns: readonly Column[]): string[] {
  const isSize = ({ samples }: Column): boolean =>
    samples.length > 0 && samples.every((cell) => /^[1-9]\d{1,4}x[1-9]\d{1,4}$/.test(cell));
  return columns.filter(isSize).map(({ name }) => name);
}

/** `image_src` for "Image Src", as the API has it too. */
function aliasOf(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}]+/gu, '_')
    .replaceAll(/^_+|_+$/g, '');
}

/** Names as they stand in a template: plain ones, and those in `row["…"]` and `map: "…"`. */
function namesIn(liquid: string): string[] {
  return [...liquid.matchAll(/\{[{%](.*?)[%}]\}/gs)].flatMap(([, inside = '']) => {
    const quoted = [...inside.matchAll(/(?:\[|map:)\s*(["'])(.*?)\1/g)].map(([, , name = '']) => name);
    const plain = inside
      .replaceAll(/"[^"]*"|'[^']*'/g, ' ')
      .replaceAll(/\|\s*\w+/g, ' ')
      .match(/(?<![.\p{L}\p{N}_])[\p{L}_][\p{L}\p{N}_]*/gu);
    return [...quoted, ...(plain ?? [])];
  });
}

/** What templates call that was a column of a file before and is none of this one. */
export function missingNames(
  templates: readonly string[],
  before: readonly string[],
  columns: readonly string[],
): string[] {
  const callable = (names: readonly string[]): Set<string> => new Set([...names, ...names.map(aliasOf)]);
  const [were, are] = [callable(before), callable(columns)];
  const called = new Set(templates.flatMap(namesIn));
  return [...called].filter((name) => were.has(name) && !are.has(name));
}
