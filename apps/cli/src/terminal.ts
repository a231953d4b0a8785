import { createInterface } from 'node:readline/promises';

/** Where a command reads and writes: results on stdout, words for people on stderr. */
export interface Terminal {
  readonly print: (text: string) => void;
  readonly say: (text: string) => void;
  /** Null where nobody is there to ask. */
  readonly confirm: (question: string) => Promise<boolean | null>;
}

export function openTerminal(): Terminal {
  return {
    print: (text) => void process.stdout.write(`${text}\n`),
    say: (text) => void process.stderr.write(`${text}\n`),
    confirm: async (question) => {
      if (!process.stdin.isTTY) return null;
      const lines = createInterface({ input: process.stdin, output: process.stderr });
      try {
        return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
      } finally {
        lines.close();
      }
    },
  };
}

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
export function dollars(amount: number | null): string {
  return amount === null ? 'unknown' : `$${amount.toFixed(amount < 0.1 ? 4 : 2)}`;
}
