/** Facts as people read them. */

/** Rows as columns, with two blanks between. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Dollars, or that they are not known. */
export function dollars(amount: number | null | undefined): string {
  return amount == null ? 'unknown' : `$${amount.toFixed(amount > 0 && amount < 0.1 ? 4 : 2)}`;
}

export function duration(seconds: number | null | undefined): string {
  if (seconds == null) return 'unknown';
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export const time = (seconds: number | null | undefined): string =>
  seconds == null ? '' : `${new Date(seconds * 1_000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

export function size(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(1)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** On one line, and not longer than so many characters; what would steer a terminal is left out. */
export function clip(text: string, length: number): string {
  // eslint-disable-next-line no-control-regex -- they are what is left out
  const plain = text.replaceAll(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' ').trim();
  const signs = [...plain];
  return signs.length <= length ? plain : `${signs.slice(0, length - 1).join('')}…`;
}

export const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;
