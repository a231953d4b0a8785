/** The word that was most likely meant; null where none is near. */
export function nearest(typed: string, words: readonly string[]): string | null {
  const far = Math.max(1, Math.floor(typed.length / 3)) + 1;
  const near = words
    .map((word) => ({ word, steps: word.startsWith(typed) && typed.length > 1 ? 1 : distance(typed, word) }))
    .sort((a, b) => a.steps - b.steps)[0];
  return near && near.steps < far ? near.word : null;
}

/** How many signs must be put in, left out or changed. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [index, sign] of [...a].entries()) {
    const next = [index + 1];
    for (let column = 1; column <= b.length; column++) {
      const changed = (row[column - 1] ?? 0) + (sign === b[column - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** A sentence that names it, or nothing. */
export function didYouMean(typed: string, words: readonly string[]): string {
  const word = nearest(typed, words);
  return word === null ? '' : ` Did you mean ${word}?`;
}
