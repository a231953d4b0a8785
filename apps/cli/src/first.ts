import type { Terminal } from './terminal.js';

/** The beginning of a list, and whether it goes on. */
export interface First<T> {
  readonly object: 'list';
  readonly data: readonly T[];
  readonly has_more: boolean;
}

export async function firstOf<T>(items: AsyncIterable<T>, limit: number): Promise<First<T>> {
  const data: T[] = [];
  for await (const item of items) {
    if (data.length === limit) return { object: 'list', data, has_more: true };
    data.push(item);
  }
  return { object: 'list', data, has_more: false };
}

/** So many to a page, where one more than so many are wanted. */
export const pageOf = (limit: number): number => Math.min(100, limit + 1);

/** Nobody is left to take the beginning for all of it. */
export function sayMore({ say }: Terminal, { data, has_more }: First<unknown>): void {
  if (has_more) say(`There are more than these ${data.length}; --limit N shows N of them.`);
}
