/** Lists come in pages: all of their items, asked for as they are needed. */

interface Page<T> {
  readonly data: readonly T[];
  readonly last_id: string | null;
  readonly has_more: boolean;
}

/** `page` asks for the one behind `after`. */
export async function* itemsOf<T>(page: (after: string | undefined) => Promise<Page<T>>): AsyncGenerator<T> {
  for (let after: string | undefined; ;) {
    const { data, last_id, has_more } = await page(after);
    yield* data;
    // An empty page may lead on: the server looked no further in one answer.
    if (!has_more || last_id === null) return;
    after = last_id;
  }
}
